"""Numbers and how things are counted: counters, their readings, kanji numerals, digits, numbers in translation."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from decimal import Decimal

from komainu.eval.bench.jp_ifeval.kana import composed
from komainu.eval.bench.jp_ifeval.pieces import answers, in_order
from komainu.eval.bench.jp_ifeval.tables import rows, words

KANJI_DIGITS = "〇一二三四五六七八九十"
_NUMERAL = re.compile("[〇零一二三四五六七八九十百千廿卅壱弐参万億兆]+")
_NO_NUMBER = re.compile(
    "一緒|一生懸命|一所懸命|一番|一方|一般|一部|一応|一旦|一瞬|一体|一切|一見|一層|一致|一定|一種|一度に|統一|唯一|"
    "万一|十分|千葉|三重|四国|九州|八百屋|五感|六法|百貨店|一気|一息|一面|一斉|随一|第一に|万全|七味|三味線|四季|十字"
)
_DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)?")
_SCALE = {"": 1, "千": 10**3, "万": 10**4, "億": 10**8, "兆": 10**12}
_AMOUNT = re.compile(rf"(?P<digits>{_DIGITS.pattern})(?P<scale>[千万億兆]?)")


def counted(response: str, *, things: list[str]) -> bool:
    """Each thing (`鉛筆:3`) is named, and its number stands with a right counter of our table: 3本, ３本 or 三本.

    The numbers of one prompt are all different, so that a number shows which thing it belongs to.
    """
    text = composed(response)
    return all(_with_counter(text, *thing.split(":")) for thing in things)


def _with_counter(text: str, noun: str, number: str) -> bool:
    forms = {number, number.translate(str.maketrans("0123456789", "０１２３４５６７８９")), in_kanji(int(number))}
    right = "|".join(sorted(map(re.escape, words("counters", noun)), key=len, reverse=True))
    wide = "|".join(sorted(forms))
    found = re.findall(rf"(?<![\d０-９{KANJI_DIGITS}百千])(?:{wide})(?![\d０-９{KANJI_DIGITS}百千])\s*({right})?", text)
    return noun in text and bool(found) and all(found)


def in_kanji(number: int) -> str:
    """A number from 1 to 99 in kanji."""
    assert 0 < number < 100, "the prompts count to 99"
    tens, ones = divmod(number, 10)
    return (KANJI_DIGITS[tens] if tens > 1 else "") + ("十" if tens else "") + (KANJI_DIGITS[ones] if ones else "")


def counter_reading(response: str, *, forms: list[str]) -> bool:
    """The readings of numbers with counters (`3本`: さんぼん) in hiragana, in order, with every change of sound."""
    return in_order(answers(response), ["|".join(spoken_as(form)) for form in forms])


def spoken_as(form: str) -> tuple[str, ...]:
    """The readings of a number from 1 to 10 with a counter of our table."""
    found = re.fullmatch(r"(\d+)(.+)", form)
    assert found, f"{form} is a number and a counter"
    return tuple(rows("readings")[found[2]][int(found[1]) - 1].split("/"))


def kanji_numerals(response: str, *, low: int) -> bool:
    """No digit of any width or in a circle, and at least `low` numbers in kanji; 一緒 and its like are no numbers."""
    if any(unicodedata.category(c) in ("Nd", "No") for c in response):
        return False
    return len(_NUMERAL.findall(_NO_NUMBER.sub(" ", response))) >= low


def fullwidth_digits(response: str, *, low: int) -> bool:
    """At least `low` numbers in full-width digits, and none in half-width ones."""
    return not re.search("[0-9]", response) and len(re.findall("[０-９]+", response)) >= low


def numbers_kept(response: str, *, numbers: list[str]) -> bool:
    """In Japanese, with exactly these numbers in digits, each as often as it was given; 1,200 is 1200, 12万 is 120000.

    A number in kanji is neither asked for nor counted. Three English words in a row are no translation.
    """
    text = unicodedata.normalize("NFKC", response)
    return translated(text) and Counter(amounts(text)) == Counter(Decimal(n) for n in numbers)


def amounts(text: str) -> list[Decimal]:
    """The numbers in digits of a text, with their 万 or 億; 1億2000万 is one number."""
    found: list[Decimal] = []
    end, before = -1, 0
    for one in _AMOUNT.finditer(text):
        value = Decimal(one["digits"].replace(",", "")) * _SCALE[one["scale"]]
        if one.start() == end and _SCALE[one["scale"]] < before:
            found[-1] += value
        else:
            found.append(value)
        end, before = (one.end(), _SCALE[one["scale"]]) if one["scale"] else (-1, 0)
    return found


def code_kept(response: str, *, codes: list[str]) -> bool:
    """In Japanese, each piece of code letter by letter as it was; three English words in a row are no translation."""
    text = composed(response)
    prose = text
    for code in codes:
        prose = prose.replace(code, " 、 ")
    return all(code in text for code in codes) and translated(prose)


def translated(text: str) -> bool:
    """Whether a text has hiragana and leaves no English sentence standing."""
    return re.search("[ぁ-ゖ]", text) is not None and not re.search(r"[A-Za-z]+(?:,? [A-Za-z]+){2}", text)
