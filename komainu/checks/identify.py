"""Identify: the language of a text of any length, or nothing where nobody could tell."""

from __future__ import annotations

import re
from functools import cache

from komainu.checks.language import ENGLISH, language_of
from komainu.checks.scripts import HAN, HANGUL, JAPANESE, KANA, LATIN, looks_chinese, simplified
from komainu.checks.text import prose
from komainu.checks.words import ELSEWHERE, ENDINGS, REPLIES, ROMAJI

_HAN = re.compile(f"[{HAN}]")
_KANA = re.compile(f"[{KANA}]")
_HANGUL = re.compile(f"[{HANGUL}]")
_JAMO = re.compile("[ㄱ-ㅎㅏ-ㅣ]")
_MORE_SCRIPTS = re.compile(r"[Ͱ-Ͽἀ-῿ঀ-෿຀-࿿က-႟ሀ-፿ក-៿]")  # Greek; India, Tibet, Burma, Ethiopia, Cambodia
_LONE_KANA = re.compile(f"(?<![{JAPANESE}{LATIN}])[ツノシﾉｼ](?![{JAPANESE}{LATIN}])")  # faces: ¯\\_(ツ)_/¯
_QUOTED = re.compile(r"「[^「」]*」|『[^『』]*』|\"[^\"\n]*\"|“[^“”]*”|（[^（）]*）|\([^()]*\)")
_WORD = re.compile(rf"[{LATIN}]+(?:['’][{LATIN}]+)?")
_SYLLABLES = re.compile(r"(?:(?:[kgsztdnhbpmr]y?|sh|ch|ts|[jfwyv])?[aiueoāūēō]|n(?![aiueo])|([kstp])(?=\1)|t(?=ch))+")
_FOREIGN_LETTER = re.compile(r"[À-ÖØ-öø-ɏḀ-ỿ]")
_GRAMMAR = re.compile(  # words that kana-free Japanese does not have
    r"[吧呢啦呀哈喔唷]|[一二两兩三四五六七八九十几這那哪每]个|[很太真][好棒甜美大多熱冷忙]|不[要用行去吃懂會](?![不])|好[的吧啊耐]$|"
    r"[好到完錯放走來]了|再[来來]|[冇咗佢哋]|等于|小心地|[请請][勿坐進稍]|在[哪左右]|欢迎|歡迎|然后|咩|唔|"
    r"很|是.+的[。！？]?$|在.{1,10}[上裡裏下中][。，的]|比.{1,6}[大小多高得]|[著着][。，！]|[得多][多很][。！]|^有些|那就|"
    r"[學國對說來聽實應當會發從與氣變讀戰醫觀歡歷證豐賣輕靈灣節體歐圖臺麵].*[了的很是]|"
    r"^[我你](?=.)|不亦|必有|疑是|勿施|有[責责]$"
)


def identify(text: str) -> str:
    """ "ja", "en", "zh", "ko", "other", or "" where it cannot be told.

    Code, links and formulas are left out, and what is quoted does not outweigh what is said around it. Kanji
    without kana are Japanese or Chinese by characters that only one of the two has, and by Chinese grammar; else
    undecided. Names, numbers, acronyms and emoji are undecided. Romanised Japanese is "ja".
    Not covered: Latin-script languages without one of the listed words or letters are taken for English or left
    undecided; a text half in one language and half in another.
    """
    body = _LONE_KANA.sub(" ", prose(text))
    around = _QUOTED.sub(" ", body)
    return (_decide(around) if around != body else "") or _decide(body)


def _decide(text: str) -> str:
    han, kana, hangul = (len(p.findall(text)) for p in (_HAN, _KANA, _HANGUL))
    words = _WORD.findall(text)
    if hangul and not kana and hangul + han > sum(map(len, words)) / 2 and 3 * hangul >= han:
        return "ko"
    if not (han or kana or hangul):
        if _MORE_SCRIPTS.search(text) and not words:
            return "other"
        if len(_JAMO.findall(text)) >= 2 and not words:
            return "ko"
        return _latin(text, [w.replace("’", "'") for w in words]) if words else language_of(text)
    found = language_of(text)
    if found in ("han", "zh") or (not found and han and not kana):
        return _kanji(text) if han > sum(len(w) for w in words) / 4 else found.replace("han", "")
    return found


def _kanji(text: str) -> str:
    """Of text with kanji and (nearly) without kana: "zh", "ja" or ""."""
    seen = set(text)
    if seen & chinese_only():
        return "zh"
    if seen & japanese_only():
        return "ja"
    return "zh" if looks_chinese(_KANA.sub("", text)) or _GRAMMAR.search(text) else ""


def _latin(text: str, words: list[str]) -> str:
    """Of text in Latin letters alone: "en", "other", "ja" (romanised) or ""."""
    lower = [word.lower() for word in words]
    english = sum(word in ENGLISH or word in REPLIES for word in lower)
    if sum(word in ROMAJI for word in lower) and all(_SYLLABLES.fullmatch(word) for word in lower):
        return "ja"
    elsewhere = sum(word in ELSEWHERE for word in lower)
    accented = sum(_FOREIGN_LETTER.search(word) is not None and word.islower() for word in words)
    if elsewhere + accented > english and (elsewhere or (not english and accented * 3 >= len(words))):
        return "other"
    if english and (len(words) <= 2 if not text.isupper() else len(words) > 1):
        return "en"
    if len(words) <= 2 and any(word.endswith(ENDINGS) for word in lower if len(word) > 6):
        return "en"
    return language_of(text)


@cache
def chinese_only() -> frozenset[str]:
    """The characters of GB2312 and Big5 (with Hong Kong's) that Japanese does not write: no cp932, no JIS X 0213.

    Computed from Python's own codecs. 俱 and 吞 are
    printed forms of 倶 and 呑.
    """
    traditional = _of("big5hkscs", 0x87, 0xFF, 0x40) - _japanese()
    return (simplified() | frozenset(c for c in traditional if "\u4e00" <= c <= "\u9fff")) - set("俱吞")


@cache
def japanese_only() -> frozenset[str]:
    """The kanji of JIS X 0208 that are neither in GB2312 nor in Big5: 駅, 働, 畑, 円; not 裏."""
    chinese = _of("gb2312", 0xB0, 0xF8, 0xA1) | _of("big5", 0xA4, 0xFA, 0x40)
    return _of("euc_jp", 0xB0, 0xF5, 0xA1) - chinese - set("裏")


def _japanese() -> frozenset[str]:
    return frozenset(c for c in map(chr, range(0x4E00, 0xA000)) if _encodes(c, "cp932") or _encodes(c, "euc_jis_2004"))


def _encodes(character: str, codec: str) -> bool:
    return bool(character.encode(codec, errors="ignore"))


def _of(codec: str, first: int, last: int, trail: int) -> frozenset[str]:
    """The characters of a codec's two-byte codes with lead bytes from `first` up to `last`."""
    codes = bytearray()
    text = ""
    for lead in range(first, last):
        for low in range(trail, 0xFF):
            codes[:] = (lead, low)
            text += codes.decode(codec, errors="ignore")
    return frozenset(c for c in text if _HAN.match(c))
