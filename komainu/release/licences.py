"""What licences ask of a released model: which data may be in it, which terms of the base travel, how it is named.

A table of what the licence texts say, to stop plain mistakes; it is no legal advice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from komainu.licences import TEXTS, Rule, llama, normal, terms
from komainu.rows import Row
from komainu.stage import Weights

if TYPE_CHECKING:
    from komainu.stage import Stage

APACHE = Path(__file__).parent / "texts" / "apache-2.0.txt"
REMEDY = (
    "Leave them out, or put the licence into Card.allowed if you have the right to release a model that was trained on "
    "them"
)


def rule(allowed: Iterable[str]) -> Rule:
    """Which rows cannot be in a released model."""
    return Rule(lambda licence: terms(licence).refused, REMEDY, tuple(allowed))


def refused(rows: Iterable[Row], allowed: Iterable[str]) -> Iterator[str]:
    """Why rows cannot be in a released model, a sentence a licence, with their number and the first ids."""
    return rule(allowed).of_rows(rows)


def refused_sources(data: Iterable[Stage], allowed: tuple[str, ...]) -> Iterator[str]:
    """The same before anything is built, of the files and stages with a licence that the sets are made from."""
    return rule(allowed).of_sources(data)


def of_base(base: Mapping[str, object], licence: str) -> Iterator[str]:
    """What is wrong with a model's `licence`, given the config of the base it was trained from."""
    if "licence" not in base:  # trained here, from nothing
        return
    given = str(base["licence"])
    if not given.strip():
        yield "the base has no licence; name it where the base is named"
    elif (version := llama(given)) and llama(licence) != version:
        yield f"Card.licence is {licence!r}, but the base is under {given}, whose terms travel: use 'llama{version}'"
    elif normal(given) == "gemma" and normal(licence) != "gemma":
        yield f"Card.licence is {licence!r}, but the base is under the Gemma Terms of Use, which travel: use 'gemma'"
    elif (why := terms(given).refused) and normal(given) != normal(licence):
        yield f"the base is under {given!r}: {why}; a model made from it can only have that licence"


def made_elsewhere(model: Stage) -> Iterator[Stage]:
    """The weights with a licence that a model was trained or merged from; what wrote its data is the data's matter."""
    if "licence" in model.config():
        yield model
    for stage in model.inputs.values():
        if issubclass(stage.row_type, Weights):
            yield from made_elsewhere(stage)


def of_others(model: Stage, base: Stage, licence: str) -> Iterator[str]:
    """What is wrong with a model's `licence`, given all that the model was made of but the base itself."""
    others = {stage.id: stage for stage in made_elsewhere(model) if stage.id != base.id}
    if others and "licence" not in base.config():
        names = ", ".join(stage.label for stage in others.values())
        yield (
            f"Card.base is {base.label}, which was trained here, but Card.model began with {names}"
            ", whose terms travel: give that as Card.base"
        )
        return
    for stage in others.values():
        yield from (f"Card.model was made of {stage.label} too: {wrong}" for wrong in of_base(stage.config(), licence))


def own_text(licence: str, given: str) -> str:
    """The licence text of a model whose base was trained here: as given, or Apache 2.0, which names no holder."""
    if given.strip() or normal(licence) != "apache-2.0":
        return given
    return APACHE.read_text(encoding="utf-8")


def of_text(base: Mapping[str, object], licence: str, given: str) -> Iterator[str]:
    """What is wrong with the licence text that a card gives."""
    if "licence" in base:
        if given:
            yield "Card.licence_text is for a base that was trained here; this one brings its own LICENSE: leave it out"
    elif not own_text(licence, given).strip():
        yield (
            f"Card.licence is {licence!r}, whose text is not known here; it must travel with the model: put it into "
            "Card.licence_text, with the holder of the rights where it names one"
        )


def of_files(base: Stage) -> Iterator[str]:
    """What is wrong with the terms beside a base in a folder of this machine, before anything is built."""
    path = getattr(base, "path", "")
    if "licence" in base.config() and path and Path(path).is_dir() and not holds_licence(texts(Path(path))):
        yield f"{path} has no LICENSE file; put its licence text there: it must travel with the model"


def holds_licence(files: Iterable[Path]) -> bool:
    return any(file.name.upper().startswith("LICEN") for file in files)


def title(name: str, base: Mapping[str, object]) -> str:
    """The model's official name: since Llama 3 it begins with the Llama version where the base is a Llama."""
    version = llama(str(base.get("licence", "")))
    if not version or version.startswith("2"):
        return name
    own = name.rpartition("/")[2]
    return own if re.match(rf"llama[ -]?{re.escape(version)}\b", own, re.IGNORECASE) else f"Llama {version} {own}"


def notices(base: Mapping[str, object]) -> Iterator[str]:
    """What the base's licence wants said where the model is shown."""
    given = str(base.get("licence", ""))
    if version := llama(given):
        if not version.startswith("2"):
            yield "Built with Llama."
        yield (
            f"Llama {version} is licensed under the Llama {version} Community License, Copyright © Meta Platforms, "
            "Inc. All Rights Reserved."
        )
    elif normal(given) == "gemma":
        yield (
            "Gemma is provided under and subject to the Gemma Terms of Use found at "
            "[ai.google.dev/gemma/terms](https://ai.google.dev/gemma/terms)."
        )


def texts(folder: Path) -> list[Path]:
    """The files with terms in a model's folder."""
    return sorted(p for p in folder.iterdir() if p.is_file() and TEXTS.fullmatch(p.name)) if folder.is_dir() else []
