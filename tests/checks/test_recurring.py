"""Long texts are looked at in another way than short ones, and judged alike."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import example, given
from hypothesis import strategies as st

from komainu.checks.base import shown
from komainu.checks.recurring import LONG, Long, recurring
from komainu.checks.repetition import _LABEL, _WORDS, Repetition, loops, spaced
from komainu.checks.text import prose, sentences, strip_item
from tests.checks.helpers import answer

PIECES = [
    "犬が走る。",
    "図書館、",
    "今日は雨です！",
    "１. ",
    "- ",
    "第三に、",
    "So it is. ",
    "(Yes.) ",
    "the dog runs ",
    "İΣσς",
]
PIECES += [
    "\n",
    " ",
    "  ",
    "\u2028",
    ". ",
    "a.4.15\n",
    "…」",
    "x" * 9,
    "Ａb’c ",
    "No, no, no! ",
    "\u0301",
    "七",
    "は",
    "_",
]
UNIT = st.lists(st.sampled_from(PIECES), min_size=1, max_size=9).map("".join)
BLOCK = st.tuples(UNIT, st.integers(1, 12)).map(lambda block: block[0] * block[1])
SAID = [
    "Please check it again.",
    "犬が走ります。",
    "今日は雨です。",
    "See section 4.2 for more!",
    "(It is so.)",
    "何かありますか？",
]
BEFORE = ["", "第七は", "- ", "1. ", "Part IV: ", "第三に、", "  ", "「はい」", "So. ", "\u3000"]
AFTER = ["\n", " ", "\n\n", ""]
LINES = st.lists(
    st.tuples(*map(st.sampled_from, (BEFORE, SAID, AFTER))).map("".join) | st.text(max_size=12), max_size=40
)
TEXT = st.lists(BLOCK | st.text(max_size=30), max_size=8).map("".join) | LINES.map("".join)
FILLING = "".join(chr(0x4E00 + 7 * i) for i in range(LONG)) + "\n"  # long, and repeats nothing


def plainly(check: Repetition, text: str) -> str:
    """The verdict as it is defined, without a shortcut."""
    for unit, count in loops(spaced(re.sub(r"^\s*\|.*$", " ", text, flags=re.M))):
        if count > check.times and len(unit) * count >= check.span:
            return f"{shown(unit.strip())} {count} times in a row"
    ends = Counter(some[-6:] for some in re.split(r"[\n。！？!?.]+", text) if len(some) >= 6)
    kept = [_LABEL.sub("", strip_item(s)).strip() for s in sentences(text)]
    kept = [s for s in kept if len(s) >= 8 and re.search(r"\w", s) and s[0] != "#" and s[-1] not in ":：*"]
    for line, count in Counter(kept).most_common(3) if max(ends.values(), default=0) > check.times else ():
        if count > check.times * (3 if line[0] == "|" else 1) and count * 5 >= len(kept):
            return f"line {shown(line)} {count} times"
    words = " ".join(_WORDS.findall(text)).lower().split(" ")
    grams = [tuple(words[i : i + check.gram]) for i in range(len(words) - check.gram + 1)]
    share = len({*grams}) / len(grams) if grams else 1
    few = len(grams) >= check.gram_from and share < check.distinct
    return f"{share:.2f} of the {check.gram}-grams are distinct" if few else ""


@given(TEXT, st.integers(2, 5), st.sampled_from([12, 24, 60]), st.sampled_from([7, 8, 9]), st.sampled_from([0.5, 0.9]))
@example(
    "".join(f"{FILLING[9 * i :][:8]}\nasdc.v4.114.15\n" for i in range(6)), 4, 24, 8, 0.5
)  # what stands before a mark is too short to tell a sentence by
@example(
    "".join(f"{FILLING[9 * i :][:8]}\n{before}この図書館で会う。\n" for i, before in enumerate(BEFORE)), 4, 24, 8, 0.5
)
@example(
    "".join(f"{FILLING[9 * i :][:8]}\n第{n}{'には'[i % 2]}この図書館で会う。\n" for i, n in enumerate("一二三四五六")),
    4,
    24,
    8,
    0.5,
)
@example("𠮷野家。" * 30, 4, 24, 8, 0.5)
@example(" " * LONG, 4, 24, 8, 0.5)
def test_a_long_text_has_the_verdict_that_its_definition_says(
    text: str, times: int, span: int, gram: int, distinct: float
) -> None:
    check = Repetition(times=times, span=span, gram=gram, gram_from=20, distinct=distinct)
    for whole in (text, FILLING + text):
        assert check.fault(whole, answer(whole)) == plainly(check, prose(whole))


def test_a_long_text_that_does_not_repeat_itself_needs_no_closer_look() -> None:
    seen = recurring(FILLING)
    assert isinstance(seen, Long)
    assert not (seen.loop(5, 24) or seen.end_alike(4) or seen.few(8, 0.5))


def test_each_period_of_a_loop_is_met_wherever_the_loop_stands_and_however_it_is_spaced() -> None:
    for period in range(1, 121):
        unit = " ".join(chr(0x3400 + i) for i in range((period + 1) // 2)) + " " * (period % 2 == 0)
        loop = (unit * 24)[: max(24, 5 * period)]
        for before in range(0, 26, 5):
            text = FILLING[: LONG - before] + loop.replace(" ", " \n"[: 1 + before % 2] * (1 + before % 3)) + FILLING
            assert recurring(text).loop(5, 24), (period, before)


def test_so_many_sentences_and_no_fewer_end_alike() -> None:
    text = FILLING + "".join(f"{i}番目の図書館です。" for i in range(5))
    assert recurring(text).end_alike(4)
    assert not recurring(text).end_alike(5)


def test_words_are_counted_as_words_and_in_one_case() -> None:
    long = " ".join(FILLING[i : i + 5].encode("utf-16-be").hex() for i in range(0, LONG, 5))
    assert recurring("a b c d e f g h i j " * 30 + long).few(8, 0.5)
    words = " ".join(f"{chr(0x3B1 + i % 17)}{chr(0x3B1 + i // 17)}Σ" for i in range(60))
    assert recurring(f"{words} {words.lower()}").few(8, 0.6)
    assert not recurring(words).few(8, 0.6)
