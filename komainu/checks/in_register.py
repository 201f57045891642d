"""InRegister: is the whole answer in the register asked for: plain, polite, honorific; casual or formal English?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from komainu.checks.base import Check
from komainu.checks.register import register_of
from komainu.checks.text import prose, sentences
from komainu.rows import Chat

REGISTERS = {"ja": ("plain", "polite", "honorific"), "en": ("casual", "formal")}
FEW, SPREAD = 8, 30  # English words from which a text has a register, and words to one casual mark at most
_HONORIFIC = re.compile(
    r"(?<!ありがとう)(?<!おはよう)(?<!おめでとう)ござい(?:ます|まし|ませ)|いらっしゃ|おっしゃ|なさいま|くださいま|"
    r"(?:いただ|頂)[きけくい]|申し(?:上げ|ます|ました)|存じ|拝[見読借聴受]|(?:いた|致)し(?:ま|て)|伺[いうっ]|参りま|"
    r"召し上が|ご覧|ております|[おご][一-龯ぁ-ん]{1,6}(?:にな[りるっれ]|くださ|下さ)"
)
_CASUAL = re.compile(
    r"\b\w+n['’]t\b|\b\w+['’](?:re|ve|ll|m|d)\b|\b(?:it|that|let|there|what|here|he|she|who|how)['’]s\b|"
    r"\b(?:gonna|wanna|gotta|kinda|sorta|yeah|yep|nope|hey|hi|guys|stuff|cool|awesome|ok|okay|lol|btw|totally|"
    r"super|tons of|a bunch of|pretty much|folks|no worries|heads up)\b|[\U0001f300-\U0001faff]",
    re.I,
)
_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?")


@dataclass(frozen=True, kw_only=True)
class InRegister(Check):
    """Fails an answer whose register is not `meta["register"]`: "plain", "polite" or "honorific" in Japanese, "casual"
    or "formal" in English. A text whose register cannot be told fails, too; other rows pass.

    See `manner_of`. `Register` is the lenient one: it lets through what has no register.
    """

    def fault(self, text: str, chat: Chat) -> str:
        asked, lang = chat.meta.get("register"), str(chat.meta.get("lang", ""))
        if asked not in REGISTERS.get(lang, ()):
            return ""
        found = manner_of(text, lang)
        return "" if found == asked else f"{found} where {asked} was asked for"


def manner_of(text: str, lang: str) -> str:
    """The register of a text in a language, "mixed", or "none" where it cannot be told.

    Japanese as by `register_of`; polite text is honorific where one sentence in three or more has an honorific or
    humble form. English is casual with a contraction or a casual word in every 30 words, formal without any.
    Not covered: wrong honorifics, English that is formal in words and casual in tone, fewer than 8 English words.
    """
    if lang == "ja":
        found = register_of(text)
        said = sentences(prose(text))
        raised = sum(_HONORIFIC.search(sentence) is not None for sentence in said)
        return "honorific" if found == "polite" and raised and 3 * raised >= len(said) else found
    text = prose(text)
    words, casual = len(_WORD.findall(text)), len(_CASUAL.findall(text))
    if words < FEW:
        return "none"
    if not casual:
        return "formal"
    return "casual" if casual * SPREAD >= words else "mixed"
