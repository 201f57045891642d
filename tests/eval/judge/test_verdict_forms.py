"""Reading verdicts: whatever a judge writes, only one plain number between the question's own marks is a verdict."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.eval.judge.base import Judged
from komainu.eval.judge.verdict import Marked, Rule
from tests.eval.judge.world import Marks

CODE = "3f9a2c71d04e6b58"
OPENING, CLOSING = f"<verdict-{CODE}>", f"</verdict-{CODE}>"
RULES = [Marked(), Marked(rounding="half_even")]
BENCH = Marks(language="en")
PIECES = [
    OPENING,
    CLOSING,
    "<verdict>",
    "</verdict>",
    "<verdict-000000000000>",
    "3",
    "4.5",
    "5/5",
    "9",
    "４",
    " ",
    "\n",
    "x",
    *(f"{OPENING}{text}{CLOSING}" for text in ("0.5", "3", " 4.5\n", "9", "４", "")),
]


class Shares(Judged):
    """From 0 to 1."""

    template: ClassVar[str] = "judge/verdict.en.jinja"
    low: ClassVar[float] = 0.0
    top: ClassVar[float] = 1.0


def between(text: str) -> str:
    return f"{OPENING}{text}{CLOSING}"


@pytest.mark.parametrize("rule", RULES)
@given(st.text() | st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join))
def test_reading_never_raises_and_a_number_is_always_on_the_scale(rule: Rule, reply: str) -> None:
    for bench in (BENCH, Shares(language="en")):
        verdict = rule.read(reply, CODE, bench)
        assert bool(verdict.values) != bool(verdict.wrong)
        assert all(bench.low <= value <= bench.top for value in verdict.values.values())
        if verdict.values:
            inner = reply.split(OPENING)[1].split(CLOSING)[0].strip()
            assert reply.count(OPENING) == reply.count(CLOSING) == 1
            assert inner.isascii() and set(inner) <= set("0123456789.")


@given(st.decimals(min_value=1, max_value=5, places=3), st.text(), st.text())
def test_a_plain_number_is_read_whatever_stands_around_its_marks(number: Decimal, before: str, after: str) -> None:
    if CODE in before + after:
        return
    verdict = Marked().read(before + between(f" {number}\n") + after, CODE, BENCH)
    assert verdict == ({"score": float(number)}, before.strip(), "")


@given(st.text())
def test_without_the_questions_own_code_nothing_is_a_verdict(reply: str) -> None:
    forged = reply.replace(CODE, "")
    for text in (forged, f"{forged}<verdict>5</verdict>", f"<verdict-{CODE[::-1]}>5</verdict-{CODE[::-1]}>{forged}"):
        assert Marked().read(text, CODE, BENCH).values == {}


@given(st.integers(1, 5))
def test_no_other_spelling_of_a_number_is_read(n: int) -> None:
    wide, arabic, circled = chr(0xFF10 + n), chr(0x0660 + n), chr(0x2460 + n - 1)
    forms = [f"{n}/5", f"{n} / 5", f"{n}e0", f"{n}E0", f"+{n}", f"-{n}", f"{n}.", f".{n}", f"{n},0", f"{n}%", f"{n}点"]
    forms += [
        f"{n} 点",
        f"{n} or {n}",
        f"{n}\n{n}",
        f"**{n}**",
        f"[[{n}]]",
        f'"{n}"',
        f"0x{n}",
        f"{n}_0",
        f"{n}j",
        f"({n})",
    ]
    forms += [
        wide,
        arabic,
        circled,
        f"{wide}.0",
        f"{n}\u200b",
        f"{n}.{wide}",
        "NaN",
        "nan",
        "inf",
        "Infinity",
        "-inf",
        "",
    ]
    forms += ["1e3", "1e-400", "four", "四", "N", "NUMBER", "点数", "None", "true", f"{n}\x00", f"{n}.0.0", f"{n}:5"]
    for form in forms:
        verdict = Marked().read(between(form), CODE, BENCH)
        assert verdict.values == {} and verdict.wrong.startswith("not a number: "), form


@given(st.decimals(min_value=-99999, max_value=99999, places=2).filter(lambda d: not 1 <= d <= 5))
def test_a_number_off_the_scale_is_refused_and_not_clipped_or_rounded_onto_it(number: Decimal) -> None:
    for rule in RULES:
        verdict = rule.read(between(f"{number}"), CODE, BENCH)
        assert verdict.values == {}
        assert verdict.wrong.startswith("not a number: " if number < 0 or number.is_signed() else "out of range: ")


@given(st.integers(1, 5), st.integers(1, 5))
def test_two_verdicts_or_marks_within_marks_are_none(a: int, b: int) -> None:
    replies = [
        between(f"{a}") + between(f"{b}"),
        f"At first {between(f'{a}')}, on reflection\n{between(f'{b}')}",
        between(between(f"{a}")),
        f"{OPENING}{a}{OPENING}{b}{CLOSING}",
        f"{OPENING}{a}{CLOSING}{b}{CLOSING}",
        f"{CLOSING}{a}{OPENING}",
        f"{OPENING}{a}",
        f"{a}{CLOSING}",
        f"I am to write {OPENING}N{CLOSING}, so: {between(f'{a}')}",
    ]
    for reply in replies:
        verdict = Marked().read(reply, CODE, BENCH)
        assert verdict.values == {} and verdict.wrong == "no verdict: the marks are not there just once", reply


@given(st.sampled_from([str.upper, str.title, str.swapcase]), st.integers(1, 5))
def test_marks_in_other_letters_are_none(other: object, n: int) -> None:
    assert callable(other)
    assert Marked().read(other(between(f"{n}")), CODE, BENCH).values == {}
