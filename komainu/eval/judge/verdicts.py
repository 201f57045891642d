"""Verdicts: what one judge says of some answers, word for word. Another judge is another stage; the answers stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.errors import UsageError
from komainu.eval.base import Answers
from komainu.eval.judge.base import Ask, Judged
from komainu.eval.judge.guard import fate
from komainu.files import write_rows
from komainu.marks import nonce
from komainu.models.base import Model, Reply
from komainu.rows import Chat, Message
from komainu.stage import Questions, Stage

if TYPE_CHECKING:
    from komainu.context import Context


@dataclass(frozen=True, kw_only=True)
class Verdicts(Stage):
    """Chat rows: for each answer that `bench` gives to its judges, what `judge` was asked and what it said.

    A reply that the bench's own rule cannot read is asked for once more, for the verdict alone; both replies stay.
    meta: `replies` (one or two texts), `mark` (the nonce), `tokens` (of prompts and replies), `finish` of the last
    reply when it did not end by itself, `thinking` of the judge, and `sample`, `temperature` and `turn` of the answer.
    """

    makes: ClassVar[type] = Chat
    answers: Answers
    bench: Judged
    judge: Model
    seed: int = 0

    def check(self) -> Iterator[str]:
        yield from (f"Verdicts.bench: {problem}" for problem in self.bench.problems())

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        return None

    def questions(self, rows: Callable[[Stage], int | None]) -> tuple[Questions, ...] | None:
        n, items = rows(self.answers), [*(self.answers.items.peek() or ())]
        if n is not None and items:
            n = n * sum(isinstance(item, Chat) and self.bench.applies(item) for item in items) // len(items)
        return None if n is None else (Questions(self.judge, n, 2 * n, self.answers),)

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        chats = to_judge(self.bench, ctx.open(self.answers).rows())
        what = f"{self.bench.name} of {self.answers.model.name} by {self.judge.name}"
        rows = transcripts(self.bench, self.judge, chats, [self.mark(chat) for chat in chats], ctx, what)
        return {
            "rows": write_rows(out / "rows.jsonl", rows),
            "bench": self.bench.title,
            "judge": self.judge.name,
            **accounts(self.bench, rows),
        }

    def mark(self, chat: Chat) -> str:
        return nonce(self.seed, self.bench.name, chat)


def transcripts(
    bench: Judged, judge: Model, chats: Sequence[Chat], marks: Sequence[str], ctx: Context, what: str
) -> list[Chat]:
    """What a judge was asked about each of some answers and what it said, asked once more where that cannot be read."""
    asks = [bench.asked(chat, mark) for chat, mark in zip(chats, marks, strict=True)]
    first = replies(judge, asks, ctx, what)
    rows = [transcript(c, judge, a, (r,)) for c, a, r in zip(chats, asks, first, strict=True)]
    unread = [i for i, row in enumerate(rows) if not first[i].withheld and bench.read(row).wrong]
    anew = [bench.asked_again(asks[i], first[i].text) for i in unread]
    for i, ask, reply in zip(unread, anew, replies(judge, anew, ctx, what), strict=True):
        rows[i] = transcript(chats[i], judge, ask, (first[i], reply))
    return rows


def replies(judge: Model, asks: Sequence[Ask], ctx: Context, what: str) -> list[Reply]:
    """The judge's replies, all asked for at once."""
    found = []
    with ctx.progress(len(asks), what) as bar:
        for reply in ctx.ask(judge, [ask.messages for ask in asks]):
            found.append(reply)
            bar.update()
    return found


def accounts(bench: Judged, rows: Sequence[Chat]) -> dict[str, Any]:
    """What a summary tells of transcripts: how many were asked again, what could not be read, tokens."""
    wrong = Counter(why.partition(":")[0] for row in rows if (why := bench.read(row).wrong))
    return {
        "asked_again": sum(len(row.meta["replies"]) > 1 for row in rows),
        "missing": dict(sorted(wrong.items())),
        "tokens": [sum(row.meta["tokens"][i] for row in rows) for i in (0, 1)],
    }


def to_judge(bench: Judged, rows: Iterator[Any]) -> list[Chat]:
    """The answers that the judges get, in order."""
    chats = [row for row in rows if isinstance(row, Chat) and bench.applies(row)]
    if not chats:
        raise UsageError(f"no answer is to an item of the bench {bench.title} ({bench.language}); leave the bench out")
    return [chat for chat in chats if fate(bench, chat) is None]


def transcript(chat: Chat, judge: Model, ask: Ask, replies: Sequence[Reply]) -> Chat:
    """What was asked and said, under the id of the answer."""
    last = replies[-1]
    kept: dict[str, Any] = {key: chat.meta[key] for key in ("sample", "temperature", "turn") if key in chat.meta}
    meta: dict[str, Any] = {
        "judge": judge.name,
        "mark": ask.mark,
        "replies": [reply.text for reply in replies],
        "tokens": [sum(r.prompt_tokens for r in replies), sum(r.completion_tokens for r in replies)],
        **kept,
    }
    if last.finish != "stop":
        meta["finish"] = last.finish
    if any(reply.thinking for reply in replies):
        meta["thinking"] = [reply.thinking for reply in replies]
    return Chat(chat.id, (*ask.messages, Message("assistant", last.text)), meta)
