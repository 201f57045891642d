"""Items of verifiable instructions: from the published rows to chats, and from chats to the benches' scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from komainu.checks.instructions.asked import asked_of, judge
from komainu.checks.instructions.base import Check, Instruction, problem
from komainu.errors import UsageError
from komainu.eval.base import Bench
from komainu.files import read_objects
from komainu.rows import Chat, Message, Score

METRICS = ("prompt_strict", "instruction_strict", "prompt_loose", "instruction_loose")
POOLED = ("instruction_strict", "instruction_loose")
CARRIED = ("prompt", "instruction_id_list", "kwargs")
Checks = Mapping[str, Check]


def read_prompts(path: Path, checks: Checks, *, bench: str, lang: str, source: str) -> Iterator[Chat]:
    """The prompts of a file of rows with prompt, instruction_id_list, kwargs and a key; ids are `<bench>-<key>`.

    A row without a key goes by its `id`, one with neither by its line. Raises UsageError with file:line for a row
    that is not so, and for an instruction without a check.
    """
    seen: dict[str, int] = {}
    for line, row in read_objects(path):
        try:
            key = row.get("key", row.get("id", line))
            chat = prompt_of({**row, "key": key}, checks, bench=bench, lang=lang)
            if chat.id in seen:
                raise UsageError(f"the key {key!r} stands on line {seen[chat.id]} too; keys must be unique")
        except UsageError as error:
            raise UsageError(f"{path}:{line}: {error}") from None
        seen[chat.id] = line
        yield chat.with_meta(source=source, licence="Apache-2.0")


def prompt_of(row: Mapping[str, Any], checks: Checks, *, bench: str, lang: str) -> Chat:
    """One row as a prompt. A language before an instruction id ("en:", "ja:") and arguments that are null go."""
    for name in ("key", "prompt", "instruction_id_list", "kwargs"):
        if name not in row:
            raise UsageError(f"the row has no {name!r}; it needs key, prompt, instruction_id_list and kwargs")
    key, prompt, ids, kwargs = (row[name] for name in ("key", "prompt", "instruction_id_list", "kwargs"))
    if isinstance(key, bool) or not isinstance(key, (int, str)) or not str(key).strip():
        raise UsageError(f"key is {key!r}; it must be a number or a text")
    if not isinstance(prompt, str) or not prompt.strip():
        raise UsageError(f"prompt is {prompt!r}; it must be a text that is not blank")
    if not isinstance(ids, list) or not ids or not all(isinstance(i, str) for i in ids):
        raise UsageError(f"instruction_id_list is {ids!r}; it must be a list of instruction ids")
    if not isinstance(kwargs, list) or len(kwargs) != len(ids) or not all(isinstance(k, dict) for k in kwargs):
        raise UsageError(f"kwargs must be a list of {len(ids)} objects, one an instruction, not {kwargs!r}")
    asked = [
        Instruction(i.removeprefix(f"{lang}:"), {name: v for name, v in given.items() if v is not None})
        for i, given in zip(ids, kwargs, strict=True)
    ]
    for instruction in asked:
        if wrong := problem(checks, instruction):
            raise UsageError(wrong)
    meta = {"bench": bench, "lang": lang, "instructions": [{"id": a.id, "kwargs": dict(a.kwargs)} for a in asked]}
    return Chat(f"{bench.replace('_', '-')}-{key}", (Message("user", prompt),), meta)


def scores(bench: Bench, chat: Chat, checks: Checks) -> list[Score]:
    """The four metrics: 1 when all instructions of the prompt are followed, and 1 or 0 for each instruction."""
    found, asked = judge(chat, checks), asked_of(chat, checks)
    made = []
    for reading, right in found.items():
        broken = [one.id for one, good in zip(asked, right, strict=True) if not good]
        made.append(Score(chat.id, f"prompt_{reading}", float(not broken), why=", ".join(broken)))
        made += [
            Score(chat.id, f"instruction_{reading}", float(good), why="" if good else one.id)
            for one, good in zip(asked, right, strict=True)
        ]
    assert bench.metrics == METRICS, "the scores are in the order of METRICS"
    return made


def by_reading(scores: Sequence[Score]) -> dict[str, list[bool | None]]:
    """The verdicts on the instructions of one answer, `strict` and `loose`, in the prompt's order; None: missing."""
    found: dict[str, list[bool | None]] = {metric.removeprefix("instruction_"): [] for metric in POOLED}
    for score in scores:
        if score.metric in POOLED:
            found[score.metric.removeprefix("instruction_")].append(None if score.value is None else score.value == 1)
    return found
