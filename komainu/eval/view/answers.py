"""One item and one model's answers to it, as a page shows them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from komainu.checks.leakage import leaks
from komainu.checks.scripts import has_kana
from komainu.rows import Chat, Message, Score
from komainu.thinking import split

Object = dict[str, Any]
OF_AN_ANSWER = ("finish", "sample", "temperature", "thinking", "told", "hidden")  # meta that an answer brings along
SHOWN = ("reference", "references", "rubric")
LEAST = ("bench", "lang", "extra", "shape", "from", *OF_AN_ANSWER, *SHOWN)


def item(chat: Chat) -> Object:
    """The question with what is known of the right answer, and the rest of its meta as texts."""
    meta = chat.meta
    references = [*([meta["reference"]] if meta.get("reference") else []), *(meta.get("references") or ())]
    return {
        "turns": [turn(message) for message in chat.prompt],
        "references": [text(each) for each in references],
        "rubric": text(meta["rubric"]) if meta.get("rubric") else "",
        "notes": [[key, text(value)] for key, value in sorted(meta.items()) if key not in LEAST],
    }


def turn(message: Message) -> list[str]:
    """Role, text and the language it looks to be in."""
    return [message.role, message.content, "ja" if has_kana(message.content) else "en"]


def text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1, default=str)


def answer(chat: Chat, asked: Sequence[Message], verdicts: Sequence[tuple[int, Score]]) -> Object:
    """One answer: its text with leaks marked, turns between the question and it, its thinking, how it ended, and its
    verdicts: column, judge, value, reason. What is empty is left out."""
    thinking, pieces = marked(chat)
    before = [*chat.prompt[len(asked) :]] if chat.prompt[: len(asked)] == tuple(asked) else [*chat.prompt]
    found: Object = {
        "text": pieces,
        "turns": [turn(message) for message in before],
        "thinking": "\n".join(filter(None, (text(chat.meta.get("thinking", "")), thinking))),
        "note": noted(chat),
        "verdicts": [[column, s.by, s.value, said(s)] for column, s in verdicts],
    }
    return {key: value for key, value in found.items() if value}


def marked(chat: Chat) -> tuple[str, list[Any]]:
    """What the answer thinks aloud, and its text in pieces: plain ones as texts, leaks as [text, kind]."""
    thinking, seen = split(chat.reply)
    pieces: list[Any] = []
    at = 0
    for leak in leaks(seen, chat):
        pieces += [seen[at : leak.start], [seen[leak.start : leak.end], leak.kind]]
        at = leak.end
    return thinking, [piece for piece in (*pieces, seen[at:]) if piece]


def noted(chat: Chat) -> str:
    """Which answer of several this is, and how it ended when not by itself."""
    parts = [f"sample {chat.meta['sample'] + 1}"] if "sample" in chat.meta else []
    parts += [f"temperature {chat.meta['temperature']:g}"] if "temperature" in chat.meta else []
    parts += ["no answer"] if not chat.answered else []
    parts += [f"ended: {chat.meta['finish']}"] if chat.meta.get("finish", "stop") != "stop" else []
    return ", ".join(parts)


def said(score: Score) -> str:
    """Why a score is what it is; the leaks that a rule found as words."""
    if score.by == "rule" and score.why.startswith("leakage: ["):
        told = json.loads(score.why.partition(": ")[2])
        return "leakage: " + ", ".join(f"{each['text']} ({each['kind']})" for each in told)
    return score.why
