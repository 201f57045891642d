"""Published evaluations of Japanese-RP-Bench (github.com/Aratako/Japanese-RP-Bench): talks, and the marks of judges."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from komainu.errors import UsageError
from komainu.eval.bench.rp_bench.bench import CRITERIA
from komainu.eval.bench.rp_bench.items import NAME
from komainu.eval.judge.guard import ruled
from komainu.files import read_objects, write_rows
from komainu.rows import Chat, Message
from komainu.spec import Spec, where

VERDICTS = "verdicts.jsonl"  # the rows without their texts: scores need no more, and texts are most of an import
REASON = "Evaluation Reason"
HOME = {"source": "Aratako/Japanese-RP-Bench", "licence": "MIT"}


class Row(msgspec.Struct, frozen=True):
    """What is read of a row: one talk, the simulated user's line first, and what each judge said of it."""

    id: int | str
    target_model_name: str
    conversation_history: list[str]
    individual_evaluations: list[dict[str, Any] | None]
    user_model_name: str = ""
    judge_model_names: list[str] = []
    human_scores: dict[str, Any] | None = None

    @property
    def item(self) -> str:
        return f"japanese-rp-bench-{self.id}"


def opening(id: str, line: str) -> Chat:
    """The item of a talk that begins with this line of the user's."""
    return Chat(id, (Message("user", line),), {"bench": NAME, "lang": "ja", **HOME})


@dataclass(frozen=True, kw_only=True)
class TalkFile(Spec):
    """One file of evaluations, by its name and content."""

    name: str
    sha256: str
    path: str = where()

    @classmethod
    def of(cls, path: Path) -> TalkFile:
        try:
            return cls(name=path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), path=str(path))
        except OSError as error:
            advice = "give files of evaluations as Japanese-RP-Bench writes them"
            raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}; {advice}") from None

    def rows(self) -> Iterator[tuple[str, Row]]:
        """The rows with `name:line`; raises UsageError with file:line for one that is no talk with evaluations."""
        if TalkFile.of(Path(self.path)).sha256 != self.sha256:
            raise UsageError(f"{self.path} has changed since it was looked at; import it again")
        for line, found in read_objects(Path(self.path)):
            try:
                row = msgspec.convert(found, Row)
            except msgspec.ValidationError as error:
                advice = "give files of evaluations as Japanese-RP-Bench writes them"
                raise UsageError(f"{self.path}:{line}: no evaluated talk: {error}; {advice}") from None
            if not row.conversation_history or len(row.conversation_history) % 2:
                turns = len(row.conversation_history)
                raise UsageError(
                    f"{self.path}:{line}: conversation_history has {turns} turns; a talk begins with the user and ends "
                    "with the model: mend the row or take it out"
                )
            yield f"{self.name}:{line}", row


@dataclass
class Found:
    """What some files hold: the user's first lines by id; of each model the files, the simulated users and judges."""

    openings: dict[str, str] = field(default_factory=dict)
    files: dict[str, list[TalkFile]] = field(default_factory=dict)
    partners: dict[str, set[str]] = field(default_factory=dict)
    judges: dict[str, set[str]] = field(default_factory=dict)


@lru_cache(maxsize=4)
def found_in(files: tuple[TalkFile, ...]) -> Found:
    """All that must be known before anything is made.

    Raises UsageError for two talks of one id that begin otherwise, and for a model with several simulated users.
    """
    found, first = Found(), dict[str, str]()
    for file in files:
        for at, row in file.rows():
            line = found.openings.setdefault(row.item, row.conversation_history[0])
            before = first.setdefault(row.item, at)
            if line != row.conversation_history[0]:
                raise UsageError(f"{at}: the talk {row.id} begins otherwise than on {before}; import them apart")
            of = found.files.setdefault(row.target_model_name, [])
            if file not in of:
                of.append(file)
            found.partners.setdefault(row.target_model_name, set()).add(row.user_model_name)
            found.judges.setdefault(row.target_model_name, set()).update(asked(row))
    for model, partners in found.partners.items():
        if len(partners) > 1:
            names = ", ".join(map(repr, sorted(partners)))
            raise UsageError(f"{model} has talks with several simulated users ({names}); import them apart")
    return found


def asked(row: Row) -> Sequence[str]:
    """The judges of a talk: those it was to have, and whoever else has said anything."""
    said = (each.get("judge_model_name") for each in row.individual_evaluations if each)
    return [*dict.fromkeys([*row.judge_model_names, *(name for name in said if isinstance(name, str))])]


def talk(at: str, row: Row, judges: Sequence[str], tolerated: Counter[str]) -> Chat:
    """The whole talk as an answer to its item, with what each of `judges` said of it in `meta["verdicts"]`."""
    verdicts: dict[str, dict[str, Any]] = {}
    for each in row.individual_evaluations:
        judge = (each or {}).get("judge_model_name")
        if each is None or not isinstance(judge, str):
            tolerated["evaluations without a judge"] += 1
        elif judge in verdicts:
            tolerated["second evaluations of a judge"] += 1
        else:
            marks = {name: each[name] for name in CRITERIA if each.get(name) is not None}
            words = each.get(REASON)
            reply = {"reply": words} if isinstance(words, str) and words.strip() else {}
            verdicts[judge] = {"at": at, "said": msgspec.json.encode(marks).decode(), **reply}
    lacking = [judge for judge in judges if judge not in verdicts]
    tolerated["talks a judge lacks"] += len(lacking)
    tolerated["scores of people, left aside"] += row.human_scores is not None
    messages = (Message("assistant" if i % 2 else "user", text) for i, text in enumerate(row.conversation_history))
    meta = {"verdicts": dict(sorted({**verdicts, **{judge: {"at": at} for judge in lacking}}.items()))}
    return Chat(row.item, tuple(messages), {**opening(row.item, "").meta, **meta})


def kept(out: Path, chats: Sequence[Chat], tolerated: Counter[str]) -> dict[str, Any]:
    """Write the rows of an import, and its verdicts apart; their number, what was tolerated, what no judge need see."""
    unfit = Counter(why.partition(":")[0] for chat in chats if chat.answered and (why := ruled(chat)))
    write_rows(out / VERDICTS, (Chat(chat.id, (), chat.meta) for chat in chats))
    return {
        "rows": write_rows(out / "rows.jsonl", chats),
        "tolerated": dict(sorted((what, n) for what, n in tolerated.items() if n)),
        "nothing_to_judge": dict(sorted(unfit.items())),
    }
