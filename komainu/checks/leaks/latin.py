"""Words in Latin letters that slipped into Japanese text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence, Set
from functools import lru_cache

from komainu.checks.language import ENGLISH, UNITS, WORDS
from komainu.checks.leaks.calls import technical
from komainu.checks.leaks.english import AT_HOME, JOINING, NAMED_DAYS, TERMS, everyday, is_adverb
from komainu.checks.leaks.frequency import common, plain
from komainu.checks.leaks.glossary import TOKEN, glossary
from komainu.checks.leaks.span import Span
from komainu.checks.scripts import JAPANESE, LATIN
from komainu.checks.text import blank, prose, without_code

_ALONE = rf"[{LATIN}](?<![{LATIN}\d_.@/#$%\\-][{LATIN}])"  # a letter with which a word begins
RUN = re.compile(rf"{_ALONE}[{LATIN}\d_'’.@/+#&-]*(?: {TOKEN})*")
PIECE = re.compile(TOKEN)
_PAIRS = [*zip('「『“"（(《〈【[‘', '」』”"）)》〉】]’', strict=True)]
_MENTION = re.compile(  # each opening mark is looked for first, then what may follow it
    rf"[('{re.escape(''.join(a for a, _ in _PAIRS))}](?:"
    rf"(?<=\()\d{{4}}[a-z]?\)[.,:]? [^{JAPANESE}\n]*|"  # a title in a list of references
    + "|".join(rf"(?<={a})[^{JAPANESE}\n{a}{b}]{{1,300}}?{b}" for a, b in (map(re.escape, marks) for marks in _PAIRS))
    + rf"|(?<=')(?<![{LATIN}]')[^{JAPANESE}\n']{{1,80}}'(?![{LATIN}]))"
)
_VALUE = re.compile(r"[:\[,][ \t]*\"([^\"\n]{1,80})\"(?=\s*[,\]}])")
_ITEM = re.compile(
    rf"(?:^[ \t]*(?:[-*+•・]|\d{{1,3}}[.)）．、])[ \t]*(?:\*\*)?|\|[ \t]*|[:\[,][ \t]*\"|\*\*)"
    rf"([{LATIN}]+(?:[ -][{LATIN}]+){{0,3}})(?=[ \t]*(?:$|\||\*\*)|\"[ \t\n]*[,\]}}])",
    re.M,
)
_ENDED = re.compile(rf"[{LATIN}](?=[ \t]*(?:$|\||\*\*)|\"[ \t\n]*[,\]}}])", re.M)  # as an item does
_SENTENCE = re.compile(rf"{_ALONE}[{LATIN}'’]*(?:(?:, |; | - | – | )(?:[{LATIN}][{LATIN}'’-]*|\d[\d,.]*)){{2,}}")
_JA = re.compile(f"[{JAPANESE}]")
_NEAR = re.compile(f"[{JAPANESE}、。，；：！？]")
_SAID = re.compile(  # what follows a word that is only mentioned, or a name in a program
    r" ?(?:型|関数|文|句|節|演算子|メソッド|コマンド|タグ|属性|ループ|クラス|変数|キーワード|プロパティ|オプション|"
    r"フラグ|モード|とは|と(?:呼|い[うい]|言|書|読|名)|の略|の頭文字)"
)
_NAMED = re.compile(  # what makes the Latin word before it the name of a thing, unless it is an everyday word
    r" ?(?:値|定数|文字列|配列|行列|減衰|分布|検定|層|キー|ファイル|フォルダ|ディレクトリ|ブランチ|パッケージ|"
    r"ライブラリ|モジュール|テーブル|カラム|列|"
    r"フィールド|パラメータ|引数|形式|要素|環境|ユーザー|ポート|プロトコル|エラー|モデル|トークン|アルゴリズム|体|"
    r"法|系|基|方向|軸|平面|空間|座標|成分)"
)
_USED = re.compile(r"を(?:書|使|付け|呼|指定|入力|実行|押)")  # what is done with a word of a program
_FORMULA = re.compile(r"[A-Za-z\d)\]] ?[=+*/^<>×÷−] ?$")
_CALLED = re.compile(rf"\([^()\n{JAPANESE}]*\)|:(?=[{JAPANESE}A-Za-z/])| ?[=+*/^<>×÷−] ?[A-Za-z\d(]")
_VOWEL = re.compile(r"[aeiouà-öø-ɏḀ-ỿ]", re.I)
_PINYIN = re.compile("[a-z]*[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ][a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ]*")
_KATAKANA = re.compile("[ァ-ヺー]")
_BARE = re.compile(r"[\d_@/+#&.]")


def latin(text: str, allowed: Set[str], speaks: Set[str]) -> Iterator[Span]:
    """Foreign words beside Japanese, whole list items, table cells and JSON values, and English sentences."""
    if "latin" in speaks or not PIECE.search(text):
        return
    bare = prose(_VALUE.sub(_kept, text))
    clean = blank(_MENTION, bare)
    if "chinese" in speaks:
        allowed |= words_of(" ".join(_PINYIN.findall(text)))
    everywhere = [(0, len(text))]
    found = [*_words(bare, clean, allowed, everywhere if "technical" in speaks else [])]
    if found:
        terms, mentions = glossary(clean, _known)
        if "technical" in speaks or technical(text) or _has_terms(clean):
            terms = everywhere
        found = [*_words(bare, clean, allowed | words_of(" ".join(mentions)), terms)]
    yield from found
    if "titles" not in speaks and _JA.search(text):
        yield from _items(text, allowed, "technical" in speaks)
    for sentence in _SENTENCE.finditer(clean):
        if _is_english(sentence, clean, "titles" in speaks) and not words_of(sentence[0]) <= allowed:
            yield Span(*sentence.span(), "latin")


def _words(bare: str, clean: str, allowed: Set[str], terms: Sequence[tuple[int, int]]) -> Iterator[Span]:
    """Words beside Japanese in `clean`, which is `bare` without what is only mentioned; `terms` is where terms are."""
    for run in RUN.finditer(clean):
        if _beside_japanese(clean, run.start(), run.end()):
            term = any(a <= run.start() < b for a, b in terms)
            if span := _foreign(bare, run, allowed, term):
                yield span


def _has_terms(clean: str) -> bool:
    """Whether an answer has two and more different words that are rare in English, or known terms."""
    words = {key(w) for w in PIECE.findall(clean) if w.islower()} - AT_HOME - UNITS
    return sum(len(w) > 2 and (w in TERMS or not common(w)) for w in words) >= 2


def _known(word: str) -> bool:
    return everyday(key(word)) or key(word) in ENGLISH


def _kept(value: re.Match[str]) -> str:
    """A JSON value without its quotation marks, which would make a mention of it."""
    return value[0].replace('"', " ")


def _foreign(text: str, run: re.Match[str], allowed: Set[str], computers: bool) -> Span | None:
    """The leak in a run of Latin words, if there is one: names and terms joined by little words are none."""
    pieces = [p for p in PIECE.finditer(text, *run.span())]
    foreign = {p for p in pieces if is_foreign(p[0], computers) and key(p[0]) not in allowed}
    names = [is_name(p[0]) for p in pieces]
    joins = any(p[0].islower() and key(p[0]) in ENGLISH for p in foreign)
    if not foreign or (any(names) and (not joins or (names[0] and names[-1]))):
        return None
    if computers and not joins and any(p not in foreign for p in pieces):
        return None
    if _CALLED.match(text, run.end()) or _FORMULA.search(text, max(0, run.start() - 4), run.start()):
        return None
    word = key(pieces[0][0])
    if len(word) < 3 and len(pieces) == 1 and not _known(word) and not _KATAKANA.match(text, run.start() - 1):
        return None  # an abbreviation
    if len(pieces) == 1 and _is_said(text, run, everyday(word)):
        return None
    if len(pieces) == 1 and computers and (word in JOINING or not everyday(word)) and _USED.match(text, run.end()):
        return None
    words = [p for p in pieces if p in foreign or (p[0].islower() and key(p[0]) not in allowed)]
    return Span(words[0].start(), words[-1].start() + len(words[-1][0].rstrip(".'’-/+&#0123456789")), "latin")


def _is_said(text: str, run: re.Match[str], common: bool) -> bool:
    """Whether a word is mentioned, names a thing, or is the front of a Japanese one (iso-プロパノール)."""
    at = run.end()
    return bool(_SAID.match(text, at) or (not common and _NAMED.match(text, at)) or run[0].endswith("-"))


def _items(text: str, allowed: Set[str], computers: bool) -> Iterator[Span]:
    """Items, cells and values that are foreign words and nothing else."""
    bare = without_code(text)
    found = [*_ITEM.finditer(bare)] if _ENDED.search(bare) else []
    computers = computers or (bool(found) and technical(text))
    for item in found:
        words = re.split("[ -]", item[1])
        if all(w.islower() and is_foreign(w, computers) for w in words) and not {key(w) for w in words} <= allowed:
            yield Span(*item.span(1), "latin")


def _is_english(run: re.Match[str], text: str, titles: bool) -> bool:
    """Whether a run of Latin words is a sentence or a part of one, and no name or title."""
    words = [w for w in re.split(r"[^\w'’-]+", run[0]) if w and not w[0].isdigit()]
    lower = [w for w in words if w.islower()]
    common = sum(key(w) in ENGLISH or everyday(key(w)) for w in words)
    if len(words) < 3 or 2 * len(lower) < len(words) or common < 2 or 4 * common < len(words):
        return False
    ended = re.match(r"[.!?。！？:：]", text[run.end() : run.end() + 1]) is not None
    return ended if titles else ended or len(words) >= 6


def _beside_japanese(text: str, start: int, end: int) -> bool:
    """Directly beside a Japanese character or stop on one side, or with one space between on both."""
    left, right = text[max(0, start - 2) : start], text[end : end + 2]
    if (left and _NEAR.match(left[-1])) or (right and _NEAR.match(right[0])):
        return True
    near_left = len(left) == 2 and left[1] == " " and _JA.match(left[0]) is not None
    near_right = len(right) == 2 and right[0] == " " and _JA.match(right[1]) is not None
    return near_left and near_right


def is_name(word: str) -> bool:
    """Whether a Latin word may be a name: it has capitals, and is none of the words that get them by place or use."""
    w = key(word)
    return not (word.islower() or w in ENGLISH or w in NAMED_DAYS or w in JOINING or (is_adverb(w) and plain(w)))


def is_foreign(word: str, computers: bool = False) -> bool:
    """Whether Japanese text, or Japanese text about computers, does not take a Latin word as it is."""
    w = key(word)
    if is_adverb(stem := w.rstrip("0123456789")):  # a numeral may follow it: roughly30
        return stem not in TERMS
    if len(w) < 2 or w in UNITS or _BARE.search(w) or re.fullmatch(r"\w(?:-\w)+", w):
        return False
    if not _VOWEL.search(w) and not everyday(w) and w not in ENGLISH:
        return False
    if word.isupper() or is_name(word):
        return w in NAMED_DAYS and not is_name(word)
    if w in TERMS or (w in AT_HOME and not (w in JOINING and not word.islower())):
        return False
    if everyday(w) or w in ENGLISH or w in NAMED_DAYS or not word.isascii():
        return True
    return plain(w) if computers else common(w)


@lru_cache(WORDS)
def key(word: str) -> str:
    """How words are compared: full width as half width, lower case, no closing marks."""
    return unicodedata.normalize("NFKC", word).casefold().replace("’", "'").rstrip(".'-/+&#")


def words_of(text: str) -> frozenset[str]:
    return frozenset(key(w) for w in PIECE.findall(text))
