"""Leakage: words of another language that slipped into an answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from komainu.checks.base import Check, shown
from komainu.checks.language import ENGLISH, UNITS
from komainu.checks.scripts import (
    HAN,
    HANGUL,
    JAPANESE,
    KANA,
    LATIN,
    OTHER,
    has_kana,
    looks_chinese,
    simplified_pattern,
)
from komainu.checks.text import blank, prose, without_code, word_set
from komainu.rows import Chat

_TOKEN = rf"[{LATIN}][{LATIN}\d_'’.@/+#&-]*"
_RUN = re.compile(rf"(?<![{LATIN}\d_.@/#$%\\-]){_TOKEN}(?: {_TOKEN})*")
_PIECE = re.compile(_TOKEN)
_LATIN_MENTION = re.compile(rf"([「『“\"（(《〈【\[*'‘])[^{JAPANESE}\n「」『』（）]{{1,200}}?([」』”\"）)》〉】\]*'’])")
_CJK_MENTION = re.compile(
    r"\([^()\n]{1,80}\)|（[^（）\n]{1,80}）|\[[^\[\]\n]{1,80}\]|「[^「」\n]{1,80}」|"
    r"『[^『』\n]{1,80}』|【[^【】\n]{1,80}】"
    rf"|[\"“'‘*]+[^{LATIN}\n\"“”]{{1,80}}?[\"”'’*]+"
)
_CJK_RUN = re.compile(f"[{JAPANESE}・]*[{KANA}{HAN}][{JAPANESE}・]*")
_HANGUL_RUN = re.compile(f"[{HANGUL}]+(?: [{HANGUL}]+)*")
_ITEM = re.compile(rf"(?:^[ \t]*[-*+•・] ?|:[ \t]*\")([{LATIN}]+(?: [{LATIN}]+){{0,2}})(?=[ \t]*$|\")", re.M)
_OTHER_RUN = re.compile(f"[{OTHER}]{{2,}}")
_HAN_RUN = re.compile(f"[{HAN}]+")
_SENTENCE = re.compile(r"[^。！？!?\n]+")
_JA = re.compile(f"[{JAPANESE}]")
_NAMED_DAYS = word_set(
    "monday tuesday wednesday thursday friday saturday sunday january february march april june july august "
    "september october november december japanese english chinese korean french german spanish "
    "yesterday today "
    "tomorrow japan china korea america france germany italy spain india canada tokyo kyoto osaka"
)
# Lower-case Latin words that Japanese text writes as they are.
_AT_HOME = word_set(
    "web app apps blog fax email e-mail vs etc ok nn ai pc tv cd dvd url wifi wi-fi sns cafe café "
    "iphone ipad ebay "
    "google youtube zoom android twitter "
    "sin cos tan log ln exp lim max min mod gcd lcm det dim ii iii iv vi vii viii ix xi xii pdf csv "
    "json xml html css "
    "http https www com git npm pip sudo python java javascript linux unix mac windows int float "
    "str bool char void "
    "null none true false if else for while return print def class import var let const function "
    "array list dict set "
    "tuple string std main args self new try except catch ph pm am et al de la le"
)
_CHINESE_WORD = re.compile(  # everyday words in characters that Japanese has too, but never as this word
    r"孩子|[女男]孩|儿子|女儿|照片|礼物|香蕉|洋葱|三明治|面包|牛奶|游泳|牙医|城堡|盒子|村庄|意大利|西班牙|加拿大|"
    r"[法美德]国|苹果|手机|什么|没有|怎么|老师|信件|出租|星期[一二三四五六日天]"
)
_TALK_OF_ENGLISH = re.compile(r"英|アルファベット|ローマ字|コマンド|コード|単語|english|romaji|command|code|word", re.I)
_TALK_OF_CHINESE = re.compile(r"中国語|中文|漢語|簡体|繁体|拼音|ピンイン|chinese|mandarin|pinyin|汉|中国语", re.I)
_TALK_OF_KOREAN = re.compile(r"韓国語|朝鮮語|ハングル|korean|hangul|韩|한국", re.I)


class Span(NamedTuple):
    """Where a leak is: text[start:end], and its kind.

    Kinds: "latin", "simplified", "chinese" (a sentence or word), "hangul", "kana", "kanji", "other" (script).
    """

    start: int
    end: int
    kind: str


@dataclass(frozen=True, kw_only=True)
class Leakage(Check):
    """Fails on the first word of another language in an answer that `meta["lang"]` wants in one language.

    What counts is in `spans`. Words that the question brings along, and words that `meta["references"]`
    need, are allowed; see `allowed_text`.
    """

    def fault(self, text: str, chat: Chat) -> str:
        lang = chat.meta.get("lang")
        if lang not in ("ja", "en"):
            return ""
        found = spans(text, lang, allowed_text(chat, lang))
        if not found:
            return ""
        first = found[0]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        return f"{first.kind} {shown(text[first.start : first.end])}{more}"


def spans(text: str, lang: str, allowed: str = "") -> list[Span]:
    """The leaked stretches of an answer in `lang` ("ja" or "en"), in order, without overlaps.

    Japanese: lower-case Latin words directly beside kana or kanji or alone in a list item or JSON value,
    simplified-only Chinese characters (with the kanji around them), Chinese sentences without kana and everyday
    Chinese words, Hangul, other scripts. English: kana and kanji outside quotes and brackets, Hangul, other
    scripts. Never a leak: code, links, formulas, JSON keys, units, acronyms, names (capital letters or digits),
    Latin words in quotes or brackets, whatever stands in `allowed`, Chinese or Korean, and Latin list items,
    when `allowed` speaks of that language.
    Not covered: English names or Chinese words written as a Japanese writer also could.
    """
    found: list[Span] = [*_scripts(text, allowed)]
    if lang == "ja":
        found += _simplified(text, allowed)
        found += _latin(text, words_of(allowed))
        found += _whole_items(text, allowed)
    elif lang == "en":
        found += _cjk(text, allowed)
    kept: list[Span] = []
    for span in sorted(found):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _scripts(text: str, allowed: str) -> Iterator[Span]:
    if not _TALK_OF_KOREAN.search(allowed):
        yield from (Span(*m.span(), "hangul") for m in _HANGUL_RUN.finditer(text) if m[0] not in allowed)
    yield from (Span(*m.span(), "other") for m in _OTHER_RUN.finditer(text) if m[0] not in allowed)


def _simplified(text: str, allowed: str) -> Iterator[Span]:
    if _TALK_OF_CHINESE.search(allowed):
        return
    for run in _HAN_RUN.finditer(text):
        seen = simplified_pattern().findall(run[0])
        if any(c not in allowed for c in seen):
            yield Span(*run.span(), "simplified")
        elif (word := _CHINESE_WORD.search(run[0])) and word[0] not in allowed:
            yield Span(run.start() + word.start(), run.start() + word.end(), "chinese")
    if not has_kana(text):
        return
    for sentence in _SENTENCE.finditer(text):
        s = sentence[0]
        length = sum(map(len, _HAN_RUN.findall(s)))
        if length >= 5 and s.strip() not in allowed and looks_chinese(s):
            start = sentence.start() + len(s) - len(s.lstrip())
            yield Span(start, sentence.start() + len(s.rstrip()), "chinese")


def _latin(text: str, allowed: frozenset[str]) -> Iterator[Span]:
    clean = blank(_LATIN_MENTION, prose(text))
    for run in _RUN.finditer(clean):
        if not _beside_japanese(clean, run.start(), run.end()):
            continue
        pieces = [p for p in _PIECE.finditer(clean, *run.span())]
        foreign = [p for p in pieces if _is_foreign(p[0]) and key(p[0]) not in allowed]
        named = any(_is_name(p[0]) for p in pieces)
        if not foreign or (named and not any(p[0].islower() and key(p[0]) in ENGLISH for p in foreign)):
            continue
        yield Span(foreign[0].start(), foreign[-1].start() + len(foreign[-1][0].rstrip(".'’-/+&#")), "latin")


def _whole_items(text: str, allowed: str) -> Iterator[Span]:
    """List items and JSON values that are foreign words and nothing else, in an answer that has Japanese too."""
    if not _JA.search(text) or _TALK_OF_ENGLISH.search(allowed):
        return
    known = words_of(allowed)
    for item in _ITEM.finditer(without_code(text)):
        words = item[1].split(" ")
        if all(w.islower() and _is_foreign(w) for w in words) and not all(key(w) in known for w in words):
            yield Span(*item.span(1), "latin")


def _beside_japanese(text: str, start: int, end: int) -> bool:
    """Directly beside a Japanese character on one side, or with one space between on both."""
    left, right = text[max(0, start - 2) : start], text[end : end + 2]
    if (left and _JA.match(left[-1])) or (right and _JA.match(right[0])):
        return True
    near_left = len(left) == 2 and left[1] == " " and _JA.match(left[0]) is not None
    near_right = len(right) == 2 and right[0] == " " and _JA.match(right[1]) is not None
    return near_left and near_right


def _is_name(word: str) -> bool:
    return not word.islower() and key(word) not in ENGLISH and key(word) not in _NAMED_DAYS


def _is_foreign(word: str) -> bool:
    """A Latin word that Japanese text does not take as it is."""
    w = key(word)
    if len(w) < 2 or w in _AT_HOME or w in UNITS or re.search(r"[\d_@/+#&.]", w):
        return False
    return not _is_name(word) and not (word.isupper() and w not in _NAMED_DAYS)


def _cjk(text: str, allowed: str) -> Iterator[Span]:
    clean = blank(_CJK_MENTION, prose(text))
    for run in _CJK_RUN.finditer(clean):
        if run[0] == "ツ" or run[0] in allowed:
            continue
        yield Span(*run.span(), "kana" if has_kana(run[0]) else "kanji")


def key(word: str) -> str:
    """How words are compared: full width as half width, lower case, no closing marks."""
    return unicodedata.normalize("NFKC", word).casefold().replace("’", "'").rstrip(".'-/+&#")


def words_of(text: str) -> frozenset[str]:
    return frozenset(key(w) for w in _PIECE.findall(text))


def allowed_text(chat: Chat, lang: str) -> str:
    """What an answer may take over as it stands: one text, of which `spans` allows every word.

    From the questions: terms, that is foreign words inside a sentence of the answer's language, names and
    quoted words; but not whole foreign sentences, which are there to be translated or asked about, and no
    foreign lower-case words at all in a translation. Also earlier answers' language talk, the references,
    and the JSON keys or text to repeat that `meta["format"]` asks for.
    """
    meta = chat.meta
    translation = str(meta.get("task", "")).startswith("translate_")
    taken = [r for r in meta.get("references", ()) if isinstance(r, str)]
    wanted = meta.get("format")
    if isinstance(wanted, dict):
        taken += [str(k) for k in wanted.get("keys", ())] + [str(wanted.get("text", ""))]
    for message in chat.prompt:
        if not translation:
            taken += _terms(message.content, lang)
        elif lang == "ja":
            taken += [w for w in _PIECE.findall(message.content) if _is_name(w) and not w[1:].islower()]
    return "\n".join(t for t in taken if t)


def _terms(question: str, lang: str) -> Iterator[str]:
    if lang == "ja":
        for run in _RUN.finditer(question):
            words = run[0].split(" ")
            sentence = len(words) >= 3 and any(key(w) in ENGLISH for w in words)
            if not sentence:
                yield run[0]
            yield from (w for w in words if re.search(r"\d|[^\W\d_][A-Z]", w))
        yield from (m[0] for m in _HAN_RUN.finditer(question))
    else:
        for run in _CJK_RUN.finditer(question):
            if not (has_kana(run[0]) and len(run[0]) >= 8) and question[run.end() : run.end() + 1] not in (
                "。",
                "、",
            ):
                yield run[0]
    yield from (m[0] for m in _HANGUL_RUN.finditer(question))
    yield from (m[0] for m in _OTHER_RUN.finditer(question))
    for talk in (_TALK_OF_CHINESE, _TALK_OF_KOREAN, _TALK_OF_ENGLISH):
        yield from (m[0] for m in talk.finditer(question))
