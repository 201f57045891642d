"""Boilerplate: what a model says about itself, its data or its translating, whatever it was asked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from komainu.checks.base import Check, shown
from komainu.checks.text import blank, without_code
from komainu.rows import Chat

_QUOTED = re.compile(r"「[^「」]*」|『[^『』]*』|“[^“”]*”|\"[^\"\n]*\"")
_SELF = (
    r"\bas an? (?:AI|artificial intelligence)(?: (?:language )?(?:model|assistant))?(?:,| I\b| \(|$)"
    r"|\bI(?:['’]m| am) (?:just |only |merely )?an? (?:AI|(?:large )?language model|artificial intelligence)\b"
    r"|\bmy (?:knowledge|training)(?: data)? (?:cut-?off|only goes|ends)|\bas of my (?:last|latest|knowledge) \w+"
    r"|(?:AI|人工知能|大?規模?言語モデル)(?:(?:言語)?モデル|アシスタント)?(?:として(?:、|個人的|私|の私)|である私|"
    r"なので|ですので)(?!す)"
    r"|私は(?:単なる|ただの)?(?:AI|人工知能|大規模言語モデル)(?:アシスタント|言語モデル)?(?:です|なので|であり|で、)"
    r"|私の(?:知識|学習データ)は\s*\d{4}年"
)
_OPENING = (
    r"\A\W*(?:sure(?: thing)?|certainly|of course|absolutely|no problem|great)[!.,]+\s*"
    r"(?:here(?:['’]s| is| are)\b|below (?:is|are)\b|I['’]ll\b|let me\b)"
    r"|\A\W*(?:もちろん(?:です)?|承知(?:し|いたし)ました|かしこまりました|了解(?:し|いたし)ました|はい)[。！!、,]\s*"
    r"(?:それでは、?)?(?:以下|次|こちら|ご依頼)[にがはの]"
)
_NOTE = (  # {0,200}: a thousand empty lines are no start of a note, and would be gone through from each of them
    r"translat(?:or['’]s|ion) notes?\b\s*[:\-(]|^[\W_]{0,200}+note:[^\n]*\btranslat"
    r"|^[\W_]{0,200}+(?:訳注|翻訳者?注|訳者注|翻訳メモ)\s*[：:）)]|[（(](?:訳注|訳者注)[：:]"
    r"|^[※＊*\s]{0,200}+(?:この|上記の)?翻訳(?:では|にあたって)"
)
KINDS = {
    kind: re.compile(pattern, re.I | re.M)
    for kind, pattern in (("self", _SELF), ("opening", _OPENING), ("note", _NOTE))
}


@dataclass(frozen=True, kw_only=True)
class Boilerplate(Check):
    """Fails when an answer speaks of itself as an AI or of its knowledge's end, opens with "Sure, here is", or has a
    translator's note.

    `kinds` says which of these count: "self", "opening", "note". Code and what is quoted are left out. A question
    that has one of the words AI, model or note itself (in either language) may be answered with "self" or "note".
    Not covered: closing phrases ("I hope this helps"), other wordings, other languages.
    """

    kinds: tuple[str, ...] = tuple(KINDS)

    def fault(self, text: str, chat: Chat) -> str:
        said = blank(_QUOTED, without_code(text))
        question = "\n".join(m.content for m in chat.prompt)
        for kind in self.kinds:
            found = KINDS[kind].search(said)
            if found and not (kind in _ASKED and _ASKED[kind].search(question)):
                return f"{kind} {shown(text[found.start() : found.end()].strip())}"
        return ""


_ASKED = {
    "self": re.compile(
        r"\bAI\b|人工知能|言語モデル|language model|あなた(?:は|の)|\b(?:are you|who are you|your name)\b", re.I | re.A
    ),
    "note": re.compile(r"訳注|注釈|translat\w+ notes?|\bnotes?\b", re.I),
}
