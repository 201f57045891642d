"""One item, and one answer to it with all verdicts, as a page shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from komainu.checks.leakage import marked
from komainu.checks.scripts import has_kana
from komainu.eval.judge.guard import steers
from komainu.rows import Chat, Message, Score
from komainu.thinking import split

Object = dict[str, Any]
Judged = tuple[
    int, Sequence[Score], Sequence[Score]
]  # a column, its scores of an answer, and what was told beside them
OF_AN_ANSWER = ("finish", "run", "sample", "temperature", "turn", "stopped", "thinking", "told", "hidden")
ELSEWHERE = ("reference", "references", "rubric", "bench", "lang", "extra", "shape", "from")  # in the meta of an item


def item(chat: Chat) -> Object:
    """The question, what is known of the right answer, and the rest of the item's meta as names with texts."""
    meta = chat.meta
    references = [*([meta["reference"]] if meta.get("reference") else []), *(meta.get("references") or ())]
    return {
        "turns": [turn(message, [message.content]) for message in chat.prompt],
        "references": [text(each) for each in references],
        "rubric": text(meta.get("rubric") or ""),
        "notes": [[k, text(v)] for k, v in sorted(meta.items()) if k not in (*ELSEWHERE, *OF_AN_ANSWER)],
    }


def turn(message: Message, pieces: list[Any]) -> list[Any]:
    """Role, text in pieces, and the language it looks to be in."""
    return [message.role, pieces, "ja" if has_kana(message.content) else "en"]


def text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1, default=str)


def answer(chat: Chat, asked: Sequence[Message], judged: Sequence[Judged]) -> Object:
    """One answer: its text with leaks marked, the turns that led to it after the question, its thinking, how it ended,
    how it speaks to its judges, and its verdicts. What is empty is left out."""
    thinking, seen = split(chat.reply)
    start = len(asked) if chat.prompt[: len(asked)] == tuple(asked) else 0
    found: Object = {
        "text": marked(seen, chat),
        "turns": [said_before(chat, n) for n in range(start, len(chat.prompt))],
        "thinking": "\n".join(filter(None, (text(chat.meta.get("thinking", "")), thinking))),
        "note": ", ".join(notes(chat)),
        "steers": steers(chat) if any(score.by != "rule" for _, scores, _ in judged for score in scores) else "",
        "verdicts": [verdict for each in judged for verdict in verdicts(*each)],
    }
    return {key: value for key, value in found.items() if value}


def said_before(chat: Chat, n: int) -> list[Any]:
    """A turn of a conversation; in the model's own ones leaks are marked, seen from what stood before them."""
    message = chat.messages[n]
    if message.role != "assistant":
        return turn(message, [message.content])
    return turn(message, marked(message.content, Chat(chat.id, chat.messages[: n + 1], chat.meta)))


def leaks_in(found: Object) -> int:
    """How many leaks are marked in an answer and in the turns before it."""
    texts = (found.get("text", ()), *(pieces for _, pieces, _ in found.get("turns", ())))
    return sum(isinstance(piece, list) for pieces in texts for piece in pieces)


def notes(chat: Chat) -> Iterator[str]:
    """Which of several answers it is, and how it ended where not by itself."""
    meta = chat.meta
    if "run" in meta:
        yield f"run {meta['run']}"
    if "sample" in meta:
        yield f"sample {meta['sample'] + 1}"
    if "temperature" in meta:
        yield f"temperature {meta['temperature']:g}"
    if "turn" in meta:
        yield f"turn {meta['turn']}"
    if not chat.answered:
        yield "no answer"
    if meta.get("finish", "stop") != "stop":
        yield f"ended: {meta['finish']}"
    if meta.get("stopped"):
        yield f"stopped: {meta['stopped']}"


def verdicts(column: int, scores: Sequence[Score], beside: Sequence[Score]) -> Iterator[list[Any]]:
    """Column, judge, value, reason, and [name, value] of each criterion that the judge told with the same reason; what
    else was told beside the column stands alone, with its own name at the end."""
    parts: dict[tuple[str, str], list[list[Any]]] = {(score.by, score.why): [] for score in scores}
    alone = []
    for score in beside:
        if (found := parts.get((score.by, score.why))) is None:
            alone.append([column, score.by, score.value, said(score), [], score.metric])
        elif [score.metric, score.value] not in found:
            found.append([score.metric, score.value])
    for score in scores:
        yield [column, score.by, score.value, said(score), parts[score.by, score.why]]
    yield from alone


def said(score: Score) -> str:
    """Why a score is what it is; leaks that a rule found as words."""
    if score.by == "rule" and score.why.startswith("leakage: ["):
        told = json.loads(score.why.partition(": ")[2])
        return "leakage: " + ", ".join(f"{each['text']} ({each['kind']})" for each in told)
    return score.why
