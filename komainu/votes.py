"""What people prefer: a file of votes between two answers, one JSON line a vote, each safe before it is acknowledged.

A vote for one of two answers is a preference pair in TRL's layout with keys beside it, so `PairFile` reads the file as
it is; a tie, "both bad" and a vote about an answer without text are no pairs (`NoPair`). The keys beside it are those
of a comparison as `komainu eval panel` reads it. docs/votes.md has the format.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from komainu.errors import UsageError
from komainu.files import append, sync_folder
from komainu.jsontext import Broken, parse
from komainu.rows import Message
from komainu.turns import ROLE, write_message

PEOPLE = "people"  # who votes, unless a name is said
Winner = Literal["first", "second", "tie", "bad"]
WINNERS: tuple[Winner, ...] = ("first", "second", "tie", "bad")
KEYS = ("item", "bench", "judge", "first", "second", "winner", "prompt")  # what every vote has
HEAD = b'{"id":"vote-'  # how a line begins
REASONS = {"tie": "tie", "bad": "both bad"}  # why a vote is no pair
NOTHING = "nothing to prefer"  # where an answer has no text, or both have the same


class NoPair(UsageError):
    """A vote that prefers neither answer, or cannot be trained on; `reason` is a word or two."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"this vote is no preference pair: {reason}")
        self.reason = reason


class Vote(NamedTuple):
    """One vote of `judge` between the answers of two models to one prompt, named and shown in this order.

    `item` and `bench` say what was answered, as scores name it; `sampler` how both were sampled, where that is known.
    """

    item: str
    first: str
    second: str
    winner: Winner
    prompt: tuple[Message, ...]
    answers: tuple[str, str]
    bench: str = ""
    judge: str = PEOPLE
    sampler: dict[str, float] | None = None

    @property
    def id(self) -> str:
        """Of who compares what: neither the order nor the verdict is in it, so a comparison is voted on once."""
        answers = {self.first: self.answers[0], self.second: self.answers[1]}
        return identity(self.judge, self.bench, self.item, answers)

    def line(self) -> bytes:
        """The line of the file, with its end. Raises UsageError for text that is no valid Unicode."""
        assert self.first != self.second, "two models are compared"
        texts = [text.strip() for text in self.answers]
        messages = [[{"role": "assistant", "content": text}] for text in self.answers]
        if self.winner in ("first", "second") and all(texts) and texts[0] != texts[1]:
            pair = messages if self.winner == "first" else messages[::-1]
            said: dict[str, Any] = dict(zip(("chosen", "rejected"), pair, strict=True))
        else:
            said = {"answers": messages}
        beside = {key: getattr(self, key) for key in KEYS if key != "prompt"}
        beside["sampler"] = self.sampler or {}
        prompt = [write_message(message, ROLE) for message in self.prompt]
        try:
            return msgspec.json.encode({"id": self.id, "prompt": prompt, **said, **beside}) + b"\n"
        except UnicodeEncodeError as error:
            raise UsageError(
                f"the vote on {self.item!r} holds text that is no valid Unicode: {error}; leave this item out"
            ) from None


class Cast(NamedTuple):
    """A vote that is in the file: which comparison of what, between whom, and what was said."""

    id: str
    item: str
    bench: str
    judge: str
    first: str
    second: str
    winner: Winner


def identity(judge: str, bench: str, item: str, answers: dict[str, str]) -> str:
    """The id of a comparison of two models' answers, whichever stands first."""
    told = json.dumps([judge, bench, item, sorted(answers.items())])
    return f"vote-{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def swapped(seed: int, number: int | str) -> bool:
    """Whether the second of two models is shown first: drawn from the seed and the number or id of what is compared."""
    return random.Random(f"{seed}:{number}").random() < 0.5


def is_vote(obj: dict[str, Any]) -> bool:
    return obj.keys() >= {*KEYS} and ("answers" in obj or obj.keys() >= {"chosen", "rejected"})


def refuse_no_pair(obj: dict[str, Any]) -> None:
    """Raise NoPair for a vote that holds no preference pair."""
    if is_vote(obj) and "chosen" not in obj:
        raise NoPair(REASONS.get(str(obj["winner"]), NOTHING))


def read_cast(text: bytes, at: str) -> Cast:
    """The vote of a line. Raises UsageError with `at` for a line that is none."""
    try:
        obj = parse(text)
    except Broken as error:
        raise UsageError(f"{at}: {error}") from None
    names = [obj.get(key) for key in Cast._fields]
    if not is_vote(obj) or not all(isinstance(name, str) for name in names) or obj["winner"] not in WINNERS:
        raise UsageError(f"{at}: this is no vote; give a file that holds votes, or a new one")
    return Cast(*names)  # type: ignore[arg-type]


class Ballot:
    """A file of votes, made when the first vote is cast. Several processes may add to it.

    `cast` are the votes by comparison; the first one stands. `torn` counts ends of the file that a killed process or a
    full disk left in the middle of a line: never acknowledged, they are cut off before the next vote is written.
    Raises UsageError for a file that holds something else, and where it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.cast, self.torn = path, dict[str, Cast](), 0
        self.read, self.lines = 0, 0  # bytes and lines of the file that are known
        self.refresh()

    def refresh(self) -> None:
        """Take in what others have added."""
        if self.path.exists():
            with self.locked(os.O_RDWR) as file:
                self.catch_up(file)

    def add(self, vote: Vote) -> bool:
        """Store a vote; on the disk when this returns. False, and nothing is written, where this comparison has one."""
        line = vote.line()
        new = not self.path.exists()
        with self.locked(os.O_RDWR | os.O_CREAT) as file:
            self.catch_up(file)
            if vote.id in self.cast:
                return False
            append(file, line)
            self.catch_up(file)
        if new:
            sync_folder(self.path.parent)
        return True

    @contextmanager
    def locked(self, flags: int) -> Iterator[int]:
        """The open file, no other process at it."""
        try:
            file = os.open(self.path, flags | os.O_APPEND, 0o644)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file
            finally:
                os.close(file)
        except OSError as error:
            raise UsageError(f"{self.path}: {(error.strerror or str(error)).lower()}") from None

    def catch_up(self, file: int) -> None:
        """Take in what has come to the file since. An end that is no whole line is cut off; a whole vote that lacks
        the line's end alone gets it."""
        with open(file, "rb", closefd=False) as source:
            source.seek(self.read)
            for text in source:
                if not text.endswith(b"\n"):
                    if not whole(text):
                        if not begun(text):
                            raise UsageError(f"{self.path}: this is no file of votes; give one, or a new one")
                        self.torn += 1
                        os.ftruncate(file, self.read)
                        return
                    text += b"\n"
                    os.write(file, b"\n")
                self.lines += 1
                found = read_cast(text, f"{self.path}:{self.lines}")
                self.cast.setdefault(found.id, found)
                self.read += len(text)


def begun(text: bytes) -> bool:
    """Whether a text is the beginning of a vote's line, or the zeros that a power cut leaves."""
    return text.startswith(HEAD[: len(text)]) or not text.strip(b"\0")


def whole(text: bytes) -> bool:
    """Whether a text is a JSON object; the beginning of one never is."""
    try:
        parse(text)
    except Broken:
        return False
    return True
