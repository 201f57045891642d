"""Two models answer the same prompts side by side, blind: which is which is told after the votes, not before."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Thread
from typing import Any, Literal, NamedTuple, TextIO

from msgspec import convert
from msgspec.json import encode

from komainu.models.talk import HELP, Talk, Turn
from komainu.rows import Message
from komainu.terminal import beside, safe
from komainu.votes import Ballot, Vote, Winner, swapped

WIDE = 100  # columns of a terminal from which the two answers stand side by side
KEYS: dict[str, Winner | Literal[""]] = {
    "l": "first",
    "left": "first",
    "r": "second",
    "right": "second",
    "t": "tie",
    "b": "bad",
}
SIDES = ("first", "second")
ASKED = "better: l left, r right, t tie, b both bad; a ask both again, n no vote "
MORE = """
/who           what was left and right so far, and who has won how often
the conversation goes on with the preferred answer, after a tie with the left one; with both bad, or without a vote,
the turn is taken back"""


class Shown(NamedTuple):
    """Which models' answers were shown left and right, and the vote, "" where none was stored."""

    left: str
    right: str
    winner: Winner | Literal[""]


@dataclass
class Blind:
    """A conversation with two models that see the same history, and the votes between their answers.

    Which one is left is drawn from `seed` and the number of the prompt, counted on from the votes there are. `key`
    asks for the next key and gives it, EOFError ends the conversation. Settings and history are the first talk's.
    """

    talks: tuple[Talk, Talk]
    ballot: Ballot
    judge: str
    key: Callable[[str], str]
    seed: int = 0
    shown: list[Shown] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.before = len(self.ballot.cast)

    def say(self, text: str, out: TextIO) -> None:
        """Ask both, show both, take the vote; the question is remembered with the answer that the chat goes on with."""
        self.talks[0].again = 0
        self.compare([*self.talks[0].messages, {"role": "user", "content": text}], out)

    def regenerate(self, out: TextIO) -> None:
        """Ask both the last question again; it is another comparison."""
        asked = self.talks[0].last_asked()
        self.talks[0].again += 1
        self.compare(asked, out)

    def command(self, line: str) -> str:
        if line == "/who":
            told = (f"{n}. left {each.left}, right {each.right}" for n, each in enumerate(self.shown, 1))
            return "\n".join([*told, self.tally()])
        if line.startswith("/save "):
            return self.talks[0].save(line.removeprefix("/save ").strip(), [talk.name for talk in self.talks])
        answer = self.talks[0].command(line)
        return answer + MORE if answer == HELP else answer

    def compare(self, asked: list[Turn], out: TextIO) -> None:
        """Ask both until one comparison stands, and go on with the answer that it says."""
        while True:
            texts = self.both(asked)
            names = self.talks[0].name, self.talks[1].name
            if swapped(self.seed, self.before + len(self.shown) + 1):
                texts, names = texts[::-1], names[::-1]
            show(*texts, out)
            key = self.vote(same=texts[0].strip() == texts[1].strip())
            winner = KEYS.get(key, "")
            stored = winner and self.store(names, texts, winner, asked)
            self.shown.append(Shown(*names, winner if stored else ""))
            if key != "a":
                break
            self.talks[0].again += 1
        if winner in (*SIDES, "tie"):
            kept = {"role": "assistant", "content": texts[winner == "second"]}
            self.talks[0].messages = [*asked, kept]
        else:
            print("these answers are forgotten", file=sys.stderr)

    def both(self, asked: list[Turn]) -> tuple[str, str]:
        """The whole answers of both, asked at the same time; neither is shown before the other is there."""
        done: SimpleQueue[tuple[int, str | BaseException]] = SimpleQueue()

        def answer(which: int, talk: Talk) -> None:
            try:
                done.put((which, "".join(talk.pieces(asked))))
            except BaseException as error:  # raised again where it was asked for
                done.put((which, error))

        self.talks[1].sampler, self.talks[1].again = self.talks[0].sampler, self.talks[0].again
        for which, talk in enumerate(self.talks):
            Thread(target=answer, args=(which, talk), daemon=True).start()
        found = dict(done.get() for _ in self.talks)
        for each in found.values():
            if isinstance(each, BaseException):
                raise each
        return str(found[0]), str(found[1])

    def vote(self, same: bool) -> str:
        """The next key that means something; of two answers that are the same none is better."""
        while (key := self.key(ASKED).strip().lower()) not in (*KEYS, "a", "n") or (same and KEYS.get(key) in SIDES):
            told = "both say the same: t, b, a or n" if same else f"{safe(key)!r} is no vote"
            print(told, file=sys.stderr)
        return key

    def store(self, names: tuple[str, str], texts: tuple[str, str], winner: Winner, asked: list[Turn]) -> bool:
        """Keep a vote; False where there is one of these two answers."""
        item = f"chat-{hashlib.sha256(encode(asked)).hexdigest()[:12]}"
        prompt = convert(asked, tuple[Message, ...])
        vote = Vote(item, *names, winner, prompt, texts, judge=self.judge, sampler=self.talks[0].sampler)
        new = self.ballot.add(vote)
        told = (
            f"vote {len(self.ballot.cast)} is stored" if new else "these two answers have a vote already, which stands"
        )
        print(told, file=sys.stderr)
        return new

    def told(self) -> dict[str, Any]:
        """What is to be told at the end: what stood where, too."""
        models = [talk.name for talk in self.talks]
        shown = [each._asdict() for each in self.shown]
        return {**self.talks[0].told(), "model": None, "models": models, "shown": shown}

    def tally(self) -> str:
        """Who has won how often in this conversation."""
        won = Counter(s[SIDES.index(s.winner)] if s.winner in SIDES else s.winner for s in self.shown)
        told = [f"{talk.name} {won[talk.name]}" for talk in self.talks]
        return ", ".join([*told, f"ties {won['tie']}", f"both bad {won['bad']}", f"no vote {won['']}"])


def show(left: str, right: str, out: TextIO) -> None:
    """The two answers: side by side where a wide terminal is, else one after the other."""
    if out.isatty():
        left, right = safe(left), safe(right)
        width = shutil.get_terminal_size().columns
        if width >= WIDE:
            out.writelines(f"{line}\n" for line in beside(f"[left]\n{left}", f"[right]\n{right}", width))
            out.flush()
            return
    out.write(f"[left]\n{left}\n[right]\n{right}\n")
    out.flush()
