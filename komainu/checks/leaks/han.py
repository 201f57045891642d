"""Chinese in Japanese text, and kana and kanji in English text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from komainu.checks.leaks.span import Span
from komainu.checks.leaks.words_zh import chinese_words
from komainu.checks.scripts import HAN, JAPANESE, KANA, LATIN, has_kana, looks_chinese, simplified_pattern
from komainu.checks.text import blank, prose

HAN_RUN = re.compile(f"[{HAN}]+")
CJK_RUN = re.compile(f"(?<![{JAPANESE}・])[{JAPANESE}・]*[{KANA}{HAN}][{JAPANESE}・]*")
_STOP = r'。！？!?\n|"{}'
_KANALESS = re.compile(f"[{_STOP}]([^{KANA}{_STOP}]{{5,}})(?![^{_STOP}])")
_LETTER = re.compile(f"[{HAN}A-Za-z\\d]")
_NAMED = re.compile(  # names that hold a character no Japanese word has, and names beside their reading
    rf"深圳|九份|普洱|[北京]*烤[鴨肉]|[断斷]?么九|圳|[ァ-ヶー・]{{2,20}}[（(][{HAN}]+[）)]|"
    rf"[{HAN}]{{2,12}}[」』》]?[（(](?:[ァ-ヶー・]{{2,20}}|[A-Z][A-Za-z -]{{1,40}})[）)]"
)
_ASIDE = re.compile(rf"「[^「」\n]*」|『[^『』\n]*』|“[^“”\n]*”|{_NAMED.pattern}")
_NUMBER = frozenset("一二三四五六七八九十百千万億兆〇両数第何各毎約以上下未満")
_MENTION = re.compile(
    r"\([^()\n]{1,80}\)|（[^（）\n]{1,80}）|\[[^\[\]\n]{1,80}\]|「[^「」\n]{1,80}」|"
    r"『[^『』\n]{1,80}』|【[^【】\n]{1,80}】"
    rf"|(?<![:\[,] )(?<![:\[,])[\"“'‘*]+[^{LATIN}\n\"“”]{{1,80}}?[\"”'’*]+"
    rf"|[{JAPANESE}]{{1,40}}(?= ?[(（][{LATIN}][{LATIN}'’ .,-]{{0,60}}[)）])"  # what its reading follows
)


def chinese(text: str, allowed: str, speaks: Set[str]) -> Iterator[Span]:
    """Simplified-only characters with the word around them, Chinese words and Chinese sentences without kana."""
    if "chinese" in speaks or not HAN_RUN.search(text):
        return
    yield from _sentences(text, allowed)
    if simplified_pattern().search(text):
        clean = blank(_NAMED, text)
        for run in HAN_RUN.finditer(clean):
            yield from (Span(a, b, "simplified") for a, b in _simplified(run, allowed))
    for word in chinese_words(text):
        if word[0] not in allowed:
            yield Span(*word.span(), "simplified" if simplified_pattern().search(word[0]) else "chinese")


def _simplified(run: re.Match[str], allowed: str) -> Iterator[tuple[int, int]]:
    """Where the Chinese words of a run of kanji are: all of a short run, else the signs' pairs of characters."""
    signs = [m.start() for m in simplified_pattern().finditer(run[0]) if m[0] not in allowed]
    if not signs:
        return
    long = len(run[0]) >= 6 and set("的了是") & set(run[0])
    if long or (4 * len(signs) >= len(run[0]) and not _NUMBER & set(run[0])):
        yield run.span()
        return
    end = -1
    for at in signs:
        odd = at % 2 == 1 or at + 1 == len(run[0])
        first = at - (odd and at > 0 and run[0][at - 1] not in _NUMBER)
        last = at + 1 + (first == at and run[0][at + 1 : at + 2] not in _NUMBER | {""})
        if last > end:
            yield run.start() + max(first, end), run.start() + last
        end = max(end, last)


def _sentences(text: str, allowed: str) -> Iterator[Span]:
    """Stretches without kana that are Chinese, quotations aside, without the bullets and spaces around them."""
    for stretch in _KANALESS.finditer(f"\n{text}"):
        if _is_chinese(stretch[1]) and _is_chinese(s := blank(_ASIDE, stretch[1])):
            ends = [m.start() for m in _LETTER.finditer(s)]
            start, end = stretch.start() + ends[0], stretch.start() + ends[-1] + 1
            if text[start:end] not in allowed:
                yield Span(start, end, "chinese")


def _is_chinese(text: str) -> bool:
    enough = sum(map(len, HAN_RUN.findall(text))) >= 5
    return enough and (looks_chinese(text) or any(chinese_words(text)))


def cjk(text: str, allowed: str, speaks: Set[str]) -> Iterator[Span]:
    """Kana and kanji in an English answer, outside quotes and brackets."""
    if speaks & {"japanese", "chinese"} or not CJK_RUN.search(text):
        return
    clean = blank(_MENTION, prose(text))
    for run in CJK_RUN.finditer(clean):
        around = text[max(0, run.start() - 1) : run.start()] + text[run.end() : run.end() + 1]
        if (run[0] in "ツシノﾉヽ" and set("()（）_/＼") & set(around)) or run[0] in allowed:
            continue
        yield Span(*run.span(), "kana" if has_kana(run[0]) else "kanji")
