"""Leakage: words of another language that slipped into an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from komainu.checks.base import Check, shown
from komainu.checks.language import ENGLISH
from komainu.checks.leaks.calls import calls, mentions, translates_into, without_lessons
from komainu.checks.leaks.han import CJK_RUN, HAN_RUN, chinese, cjk
from komainu.checks.leaks.latin import PIECE, RUN, is_name, key, latin, words_of
from komainu.checks.leaks.span import Span, apart
from komainu.checks.scripts import HANGUL, JAPANESE, OTHER, has_kana, only_latin
from komainu.checks.text import blank
from komainu.rows import Chat

__all__ = ["Leakage", "Span", "allowed_text", "marked", "spans"]

_HANGUL_RUN = re.compile(f"[{HANGUL}]+(?:[ ,.·]+[{HANGUL}]+)*")
_OTHER_RUN = re.compile(rf"[{OTHER}]+(?:[ ,'’-]+[{OTHER}]+)*")
_EITHER = re.compile(f"[{HANGUL}{OTHER}]")
_MENTION = re.compile(
    rf"([「『“\"])[^{JAPANESE}\n「」『』\"]{{1,80}}?([」』”\"])|[(（][^()（）\n{JAPANESE}]{{1,40}}[)）]"
)


@dataclass(frozen=True, kw_only=True)
class Leakage(Check):
    """Fails on the first word of another language in an answer that `meta["lang"]` wants in one language.

    What counts is in `spans`. Words that the question brings along, and words that `meta["references"]`
    need, are allowed; see `allowed_text`.
    """

    version: ClassVar[int] = 3

    def fault(self, text: str, chat: Chat) -> str:
        found = leaks(text, chat)
        if not found:
            return ""
        first = found[0]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        return f"{first.kind} {shown(text[first.start : first.end])}{more}"


def leaks(text: str, chat: Chat) -> list[Span]:
    """The leaks in `text`, an answer to `chat`'s question; none where no language is asked for."""
    lang = chat.meta.get("lang")
    if lang not in ("ja", "en") or not spans(text, lang):  # what is allowed only takes leaks away: seldom looked up
        return []
    return spans(text, lang, allowed_text(chat, lang))


def marked(text: str, chat: Chat) -> list[str | list[str]]:
    """A text in pieces: plain ones as texts, its leaks, if it is an answer of `chat`, as [text, kind]."""
    pieces: list[str | list[str]] = []
    at = 0
    for leak in leaks(text, chat):
        pieces += [text[at : leak.start], [text[leak.start : leak.end], leak.kind]]
        at = leak.end
    return [piece for piece in (*pieces, text[at:]) if piece]


def spans(text: str, lang: str, allowed: str = "") -> list[Span]:
    """The leaked stretches of an answer in `lang` ("ja" or "en"), in order, without overlaps.

    Japanese: lower-case Latin words directly beside Japanese or alone in a list item, table cell or JSON value,
    English sentences, simplified-only Chinese characters (with the word around them), Chinese sentences without
    kana and everyday Chinese words, Hangul, other scripts. English: kana and kanji outside quotes and brackets,
    Hangul, other scripts. Never a leak: code, links, formulas, JSON keys, units, acronyms, names (capital letters or
    digits), Latin words in quotes or brackets, whatever stands in `allowed`, and whole languages where `allowed`
    speaks of them; words rare in European languages, and terms that the answer lists or explains; where it or the
    answer speaks of computers or has other terms, only everyday English words are leaks. See `leaks/frequency.py`.
    Not covered: English names or Chinese words written as a Japanese writer also could.
    """
    if lang == "en" and only_latin(text):
        return []
    speaks = calls(allowed) if allowed else frozenset()
    found: list[Span] = [*_scripts(text, allowed, speaks)]
    if lang == "ja":
        found += chinese(without_lessons(text, "chinese"), allowed, speaks)
        found += latin(without_lessons(text, "latin"), words_of(allowed), speaks)
    elif lang == "en" and not CJK_RUN.search(allowed):
        found += cjk(text, allowed, speaks)
    return apart(found)


def _scripts(text: str, allowed: str, speaks: frozenset[str]) -> Iterator[Span]:
    if not _EITHER.search(text):
        return
    for kind, called, pattern in (("hangul", "korean", _HANGUL_RUN), ("other", "other", _OTHER_RUN)):
        if called not in speaks and pattern.search(text):
            for m in pattern.finditer(blank(_MENTION, without_lessons(text, called))):
                if (kind == "hangul" or len(m[0]) > 1) and m[0] not in allowed:
                    yield Span(*m.span(), kind)


def allowed_text(chat: Chat, lang: str) -> str:
    """What an answer may take over as it stands: one text, of which `spans` allows every word.

    From the questions: terms, that is foreign words inside a sentence of the answer's language, names and
    quoted words; but not whole foreign sentences, which are there to be translated or asked about, and no
    foreign lower-case words at all in a translation. Also the words by which a question calls for another language
    (not those of a translation into the answer's), the references, and the JSON keys or text to repeat that
    `meta["format"]` asks for.
    """
    meta = chat.meta
    translation = meta.get("task") == f"translate_{lang}"
    taken = [r for r in meta.get("references", ()) if isinstance(r, str)]
    wanted = meta.get("format")
    if isinstance(wanted, dict):
        taken += [str(k) for k in wanted.get("keys", ())] + [str(wanted.get("text", ""))]
    for message in chat.prompt:
        if not translation:
            taken += _terms(message.content, lang)
            if not translates_into(message.content, lang):
                taken += mentions(message.content)
        elif lang == "ja":
            taken += [w for w in PIECE.findall(message.content) if is_name(w) and not w[1:].islower()]
    return "\n".join(t for t in taken if t)


def _terms(question: str, lang: str) -> Iterator[str]:
    if lang == "ja":
        for run in RUN.finditer(question):
            words = run[0].split(" ")
            sentence = len(words) >= 3 and any(key(w) in ENGLISH for w in words)
            if not sentence:
                yield run[0]
            yield from (w for w in words if re.search(r"\d|[^\W\d_][A-Z]", w))
        yield from (m[0] for m in HAN_RUN.finditer(question))
    else:
        for run in CJK_RUN.finditer(question):
            if not (has_kana(run[0]) and len(run[0]) >= 8) and question[run.end() : run.end() + 1] not in ("。", "、"):
                yield run[0]
    yield from (m[0] for m in _HANGUL_RUN.finditer(question))
    yield from (m[0] for m in _OTHER_RUN.finditer(question))
