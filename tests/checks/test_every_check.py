"""What holds for every check: it never raises, it gives one stable reason word, it is a value with an id."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from komainu.checks.base import Check, shown
from komainu.checks.compose import Failure, run
from komainu.checks.empty import Empty
from komainu.checks.error_text import ErrorText
from komainu.checks.extra_text import ExtraText
from komainu.checks.format import Format
from komainu.checks.in_register import InRegister
from komainu.checks.instructions.followed import Followed
from komainu.checks.language import Language
from komainu.checks.leakage import Leakage, spans
from komainu.checks.length import Length
from komainu.checks.passage import Passage
from komainu.checks.refusal import Refusal
from komainu.checks.register import Register, register_of
from komainu.checks.repetition import Repetition
from komainu.checks.same_content import SameContent
from komainu.checks.steering import Steering
from komainu.checks.text import prose, sentences, visible
from komainu.checks.translated import Translated
from komainu.checks.truncation import Truncation
from komainu.rows import Chat, Message
from tests.checks.helpers import answer

CHECKS: tuple[Check, ...] = (
    Empty(),
    ErrorText(),
    Language(),
    Leakage(),
    Register(preferred=True),
    ExtraText(),
    Followed(),
    InRegister(),
    Format(),
    Length(),
    Passage(),
    Refusal(),
    Repetition(),
    SameContent(),
    Steering(),
    Translated(),
    Truncation(),
)
CPU = 20  # seconds
PIECES = st.sampled_from(
    [
        *"「」『』（）()[]{}“”\"'`*#|-→・、。！？!?.,:：;\n\r\t ",
        "```",
        "<think>",
        "</think>",
        "です",
        "ます",
        "行く",
        "にゃ",
        "station",
        "の",
        "を",
        "図书馆",
        "我们",
        "한국",
        "Привет",
        "ﾊﾝｶｸ",
        "ＡＢＣ",
        "😊",
        "\ud800",
        "\x00",
        "\u200d",
        "42",
        "$x$",
        "Note:",
        "訳：",
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES).map("".join))
FORMATS = st.sampled_from(
    [
        None,
        {"kind": "json", "keys": ["who"]},
        {"kind": "bullets", "n": 3},
        {"kind": "max_chars", "n": 20},
        {"kind": "max_words", "n": 8},
        {"kind": "sentences", "n": 2},
        {"kind": "repeat", "text": "犬", "n": 3},
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    text=TEXTS,
    asked=TEXTS,
    lang=st.sampled_from(["ja", "en"]),
    format=FORMATS,
    task=st.sampled_from(["", "translate_ja"]),
)
def test_no_text_makes_a_check_raise(
    text: str, asked: str, lang: str, format: dict[str, object] | None, task: str
) -> None:
    chat = answer(text, asked, lang=lang, format=format, task=task, register="polite", references=[asked])
    for name, reason in run(CHECKS, chat):
        assert reason.startswith(f"{name}: ") and "\n" not in reason


@settings(max_examples=200, deadline=None)
@given(text=TEXTS)
def test_the_helpers_keep_positions_and_lose_no_sentence(text: str) -> None:
    assert len(prose(text)) == len(text)
    assert all(s == s.strip() and s for s in sentences(text))
    for span in spans(text, "ja") + spans(text, "en"):
        assert 0 <= span.start < span.end <= len(text)
    assert register_of(text) in ("polite", "plain", "mixed", "none")


_LOOP = """
from komainu.checks.private import Private
from komainu.checks.shape import Shape
from komainu.checks.compose import run
from recipes.sets import SOUND
from tests.checks.helpers import answer
run((*SOUND, Private(), Shape()), answer("ok " + {0!r} * (200_000 // len({0!r})) + " end", "Write this.", lang="en"))
"""


@pytest.mark.parametrize(
    "unit", ["\n", "---\n", "- \n", "`", "\\(", "\\[", "[x](", "(", "「", "**", "<", "1 ", "a@"], ids=repr
)
def test_an_answer_that_loops_is_gone_through_once(unit: str) -> None:
    """A model that loops writes one sign to its last token. The limit is wide: these take a second or two of CPU, and
    what goes through the rest of a text from each of its places took half a minute to an hour."""
    ran = subprocess.run(
        [sys.executable, "-c", _LOOP.format(unit)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU)),
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: type(c).__name__)
def test_a_check_is_named_after_its_class_and_has_an_id(check: Check) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", check.name)
    assert check.name.replace("_", "") == type(check).__name__.lower()
    assert check.id == replace(check).id


def test_a_fault_hidden_in_the_metadata_is_not_read() -> None:
    text = "私は駅に行きます。"
    for fault in ("leak", "extra_text", "wrong"):
        chat = answer(text, "Translate: I go to the station.", lang="ja", task="translate_ja", hidden={"fault": fault})
        assert run(CHECKS, chat) == []


def test_a_prompt_without_an_answer_fails_only_as_empty() -> None:
    chat = Chat("row-1", (Message("user", "駅はどこですか。"),), {"lang": "ja", "register": "polite"})
    assert run(CHECKS, chat) == [Failure("empty", "empty: no answer")]


def test_run_lists_the_failures_in_order() -> None:
    chat = answer("Sure, here is the translation: I go to 駅.", "訳して: 駅に行く。", lang="en", task="translate_en")
    assert [f.name for f in run((Empty(), Leakage(), ExtraText()), chat)] == ["leakage", "extra_text"]
    assert run((), chat) == []


def test_checks_judge_what_the_user_sees() -> None:
    assert visible("<think>我们 think</think>駅です。") == "駅です。"
    assert run(CHECKS, answer("<think>Let me think about 图书馆.</think>\n駅です。", "", lang="ja")) == []


def test_a_reason_shows_long_text_cut_and_on_one_line() -> None:
    assert shown("a\nb") == "'a\\nb'"
    assert len(shown("あ" * 500)) == 42
