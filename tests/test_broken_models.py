"""A model directory whose files are broken: the plan says which file, and is never taken for a bug of ours."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from komainu.errors import UsageError
from komainu.models.folder import counter_of, load_tokenizer
from komainu.models.template import tokenizer_of
from komainu.plan import plan
from komainu.rows import Chat, Row
from komainu.settings import Settings
from komainu.stage import Stage
from komainu.store import Store
from komainu.train.base import Fit
from komainu.train.directory import Directory
from komainu.train.sft import SFT
from komainu.train.shown import below
from komainu.workload import Workloads
from tests.train.world import Chats, base, context

TOKENIZER, SETTINGS, CONFIG = "tokenizer.json", "tokenizer_config.json", "config.json"
INDEX, TEMPLATE = "model.safetensors.index.json", "chat_template.jinja"


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    ctx = context(tmp_path_factory.mktemp("made"))
    made = ctx.store.build(base(), ctx).path
    return Path(shutil.copytree(made, tmp_path_factory.mktemp("clean") / "model", ignore=apart))


def apart(folder: str, names: list[str]) -> set[str]:
    return {"record.json", "metrics.jsonl"} & {*names}


@pytest.fixture
def model(clean: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(clean, tmp_path / "model"))


def problems(model: Path, store: Path) -> list[str]:
    """What `komainu plan --rows 1` has to say against a training from a directory."""
    sft: Stage = SFT(model=Directory.of(str(model), "mit"), data=Asked(), fit=Fit(lr=1e-3, global_batch=8, steps=4))
    planned = plan(sft, Store(store))
    [*Workloads(planned, Store(store), Settings()).lines()]
    if not (found := [text for line in planned.lines for text in line.problems]):
        [*below(sft, Store(store), 1)]
    return found


@dataclass(frozen=True, kw_only=True)
class Asked(Chats):
    """Chats that a plan can look at before they are built, as it can at a file's."""

    def peek(self) -> Iterator[Row]:
        return self.rows()


def half(file: Path) -> bytes:
    whole = file.read_bytes()
    return whole[: len(whole) // 2]


def without(*keys: str) -> Callable[[Path], bytes]:
    def spoilt(file: Path) -> bytes:
        told = json.loads(file.read_bytes())
        inner = told
        for key in keys[:-1]:
            inner = inner[key]
        del inner[keys[-1]]
        return json.dumps(told).encode()

    return spoilt


BROKEN: dict[str, tuple[str, bytes | Callable[[Path], bytes], str]] = {
    "a tokenizer of nothing": (TOKENIZER, b"{}", r"tokenizer\.json: .*get the file again"),
    "an empty tokenizer": (TOKENIZER, b"", r"tokenizer\.json: not readable as JSON"),
    "a tokenizer that is a list": (TOKENIZER, b"[]", r"tokenizer\.json: expected an object, found an array"),
    "a tokenizer cut short": (TOKENIZER, half, r"tokenizer\.json: not readable as JSON"),
    "a tokenizer without a model": (TOKENIZER, without("model"), r"tokenizer\.json: "),
    "a tokenizer without a vocabulary": (TOKENIZER, without("model", "vocab"), r"tokenizer\.json: "),
    "a tokenizer that is not UTF-8": (TOKENIZER, b"\xff{}", r"tokenizer\.json: not UTF-8"),
    "settings that are a list": (SETTINGS, b"[]", r"tokenizer_config\.json: expected an object, found an array"),
    "settings with a number for EOS": (SETTINGS, b'{"eos_token": 3}', "tokenizer_config.json.*eos_token"),
    "a config of nothing": (CONFIG, b"{}", r"config\.json: Unrecognized model"),
    "a config that is null": (CONFIG, b"null", r"config\.json: expected an object, found null"),
    "a config cut short": (CONFIG, half, r"config\.json: not readable as JSON"),
    "a config of an unknown model": (CONFIG, b'{"model_type": "none-such"}', r"config\.json: .*none-such"),
    "a config with heads of nothing": (CONFIG, b'{"model_type": "llama", "num_attention_heads": 0}', "config.json: "),
    "a config without a context": (CONFIG, b'{"model_type": "bloom"}', "does not say max_position_embeddings"),
    "an index of nothing": (INDEX, b"{}", r"index\.json has no weight_map"),
    "an index of numbers": (INDEX, b'{"weight_map": {"a": 3}}', r"index\.json has no weight_map"),
    "an empty index": (INDEX, b"", r"index\.json: not readable as JSON"),
    "a template that does not parse": (TEMPLATE, b"{% if", "the chat template does not render it"),
    "a template that fails": (TEMPLATE, b"{{ 1 / 0 }}", "does not render it: division by zero; mend chat_template"),
    "a template that is not UTF-8": (TEMPLATE, b"\xff", r"chat_template\.jinja: not UTF-8"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_named_by_the_plan(case: str, model: Path, tmp_path: Path) -> None:
    name, spoilt, said = BROKEN[case]
    (model / name).write_bytes(spoilt if isinstance(spoilt, bytes) else spoilt(model / name))
    (told,) = problems(model, tmp_path / "store")
    with pytest.raises(UsageError, match=said):
        raise UsageError(told)


def test_a_whole_directory_has_no_problems(model: Path, tmp_path: Path) -> None:
    assert problems(model, tmp_path / "store") == []


def test_a_template_that_fails_on_some_rows_names_those(model: Path, tmp_path: Path) -> None:
    whole = (model / TEMPLATE).read_text(encoding="utf-8")
    fails = "{% if '犬を1回' == messages[0].content %}{{ messages[9].content }}{% endif %}"
    (model / TEMPLATE).write_text(fails + whole, encoding="utf-8")
    (told,) = problems(model, tmp_path / "store")
    named = [row.id for row in Chats().rows() if isinstance(row, Chat) and row.messages[0].content == "犬を1回"]
    assert named and f"{len(named)} of 40 rows cannot be trained on" in told
    assert all(name in told for name in named)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a JSON value another could stand."""
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from places(part, (*at, key))


def replaced(value: Any, at: tuple[Any, ...], other: Any) -> Any:
    if not at:
        return other
    return (
        {**value, at[0]: replaced(value[at[0]], at[1:], other)}
        if isinstance(value, dict)
        else [replaced(part, at[1:], other) if i == at[0] else part for i, part in enumerate(value)]
    )


OTHER = st.sampled_from([None, True, -1, 0, 3, 2**40, 0.5, "", "x", [], [3], {}, {"a": 1}])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_stands_in_a_file_the_plan_ends_with_a_refusal_or_none(
    data: st.DataObject, clean: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("broken")
    model = Path(shutil.copytree(clean, folder / "model"))
    name = data.draw(st.sampled_from([TOKENIZER, SETTINGS, CONFIG, INDEX, "generation_config.json"]))
    tensors = {"weight_map": {"model.embed_tokens.weight": "model.safetensors"}}
    value = json.loads((model / name).read_bytes()) if name != INDEX else tensors
    some = [at for at in places(value) if len(at) < 4]  # not each word of a vocabulary
    text = json.dumps(replaced(value, data.draw(st.sampled_from(some)), data.draw(OTHER))).encode()
    (model / name).write_bytes(text[: data.draw(st.integers(0, len(text)))] if data.draw(st.booleans()) else text)
    for told in problems(model, folder / "store"):
        assert told.strip()


@pytest.mark.parametrize("read", [load_tokenizer, tokenizer_of, lambda path: counter_of(path / TOKENIZER)])
def test_everything_that_reads_a_tokenizer_refuses_a_broken_one(read: Callable[[Path], Any], model: Path) -> None:
    (model / TOKENIZER).write_bytes(b"{}")
    with pytest.raises(UsageError, match=r"the tokenizer of .* does not load: .*tokenizer\.json"):
        read(model)
