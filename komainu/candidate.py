"""Which model a word of the command line means, and where it is asked."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, get_type_hints

from msgspec import structs

from komainu.convert import convert
from komainu.errors import UsageError, nearest
from komainu.eval.base import SAMPLING
from komainu.eval.bench.shaberi.base import JUDGE_TOKENS
from komainu.lineage import from_record, upstream
from komainu.models.base import Model, RopeScaling
from komainu.recipe import split
from komainu.settings import Settings, endpoint_at
from komainu.stage import Stage
from komainu.store import Artifact, Store
from komainu.stored import Stored
from komainu.train.directory import model_at

SETTABLE = ("name", "key", *SAMPLING, "rope")  # what may be said of a model behind its word


class Candidate(NamedTuple):
    """A model, and the settings with which it is asked where the word says."""

    model: Model
    settings: Settings


def candidate(word: str, here: Settings, *, name: str = "", key: str = "") -> Candidate:
    """The model that `word` means, the first that fits of: `URL#model` (`key` is the variable that holds its key), the
    name of an endpoint of komainu.toml, a model directory, owner/name@commit of the hub, a name or id of the store.

    `name` is what it is called in results, and what its answers are kept under: two servers that both call their model
    "default" need one each. Raises UsageError for a word that means none of these.
    """
    if key and "://" not in word:
        raise UsageError(f"key= goes with URL#model, which {word!r} is not; an endpoint of komainu.toml has its `key`")
    if "://" in word:
        url, _, served = word.partition("#")
        if not served:
            raise UsageError(f"{word}: which model of this server? Say {url}#NAME, as its /v1/models lists it")
        return Candidate(Model(name=name or served), here.serving(name or served, endpoint_at(url, key, served)))
    if endpoint := here.endpoints.get(word):
        endpoint = structs.replace(endpoint, model=endpoint.model or word)
        rope = RopeScaling(factor=endpoint.rope) if endpoint.rope else None
        return Candidate(Model(name=name or word, rope=rope), here.serving(name or word, endpoint))
    weights: Stage
    if Path(word).is_dir() or "@" in word:
        weights, own = model_at(word), Path(word).resolve().name if Path(word).is_dir() else word
    else:
        found = stored(word, here)
        weights, own = Stored(artifact=found), found.ref
    return Candidate(Model(name=name or own, weights=weights), here.serving(name or own, None))


def stored(word: str, here: Settings) -> Artifact:
    """The model directory of the store that a name or an id stands for; of a report that of its card."""
    store = Store(here.root)
    try:
        found = store.resolve(word)
    except UsageError as error:
        kinds = "a model directory, URL#model, an endpoint of komainu.toml, or a name or id of the store"
        near = nearest(word, here.endpoints) if here.endpoints else ""
        folder = "; the folder of this name has no config.json" if Path(word).is_dir() else ""
        raise UsageError(f"no model {word!r}: it is none of {kinds} ({error}){near}{folder}") from None
    card = store.at(found.inputs["card"]) if "card" in found.inputs else None
    if model := next((artifact for artifact in (found, card) if artifact and is_model(artifact)), None):
        return model
    under = (node.artifact for node in upstream(from_record(found.ref, store)))
    models = [artifact.ref for artifact in under if artifact and is_model(artifact)]
    there = f"under it are the models {', '.join(models)}" if models else "name a model, or what was made of one"
    raise UsageError(f"{word!r} is {found.ref}, which is no model; {there}")


def is_model(artifact: Artifact) -> bool:
    return (artifact.path / "config.json").is_file()


def understood(words: Sequence[str], here: Settings) -> tuple[Model, Settings, dict[str, Any]]:
    """The model that some words mean, the settings with which it is asked, and what is said of its sampling."""
    if not words:
        raise UsageError(
            "no model is named"
            ": give a model directory, URL#model, an endpoint of komainu.toml, or a name or id of the store"
        )
    word, *said = words
    given = split(said)
    model, there = candidate(word, here, name=given.pop("name", ""), key=given.pop("key", ""))
    how = {key: told(key, text) for key, text in given.items()}
    if "rope" in how and "://" in word:
        factor = how["rope"].factor if how["rope"] else 0
        there = there.serving(model.name, structs.replace(there.endpoints[model.name], rope=factor))
    return model, there, how


def panel(words: Sequence[str], asked: Sequence[Model], here: Settings) -> tuple[list[Model], Settings]:
    """The judges that are named, and the settings with which they and those already `asked` are asked."""
    return others("--judge", words, asked, here, max_tokens=JUDGE_TOKENS)


def others(
    flag: str, words: Sequence[str], asked: Sequence[Model], here: Settings, **usual: Any
) -> tuple[list[Model], Settings]:
    """The models that a flag names, sampled as is `usual` for them unless they say otherwise, and the settings with
    which they and those already `asked` are asked.

    Raises UsageError where one name would stand for two servers.
    """
    found: list[Model] = []
    for text in words:
        try:
            model, there, how = understood(shlex.split(text), here)
        except ValueError as error:
            raise UsageError(f"{flag} {text!r}: {error}") from None
        known = {each.name for each in (*asked, *found)}
        if model.name in known and there.endpoints.get(model.name) != here.endpoints.get(model.name):
            word = flag.removeprefix("--")
            raise UsageError(f"two models are called {model.name!r}; give the {word} a name: {flag} '{text} name=...'")
        found.append(replace(model, **{**usual, **how}))
        here = there
    return found, here


def told(key: str, text: str) -> Any:
    if key not in SETTABLE:
        raise UsageError(f"of a model {key!r} cannot be said{nearest(key, SETTABLE)}")
    if key == "rope":
        factor = convert(text, int | None, key)
        return None if factor is None else RopeScaling(factor=factor)
    return convert(text, get_type_hints(Model)[key], key)
