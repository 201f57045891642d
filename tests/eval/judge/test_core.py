"""Judges: what they are asked, how their verdicts are read, and what becomes of those that cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu import prompts
from komainu.context import Context
from komainu.errors import UsageError
from komainu.eval.base import Answers
from komainu.eval.board import Board, Entry
from komainu.eval.judge.base import Judged
from komainu.eval.judge.panel import Panel, panel
from komainu.eval.judge.template import fingerprint, parts, render
from komainu.eval.judge.verdict import Marked
from komainu.marks import nonce
from komainu.models.base import Model, Reply
from komainu.rows import Chat, Message, Score
from komainu.stage import wiring
from tests.eval.world import Items, Parrot, context, item

MARK = "3f9a2c71d04e6b58"
CANDIDATE, STRICT, KIND = Model(name="candidate"), Model(name="strict"), Model(name="kind")


@dataclass(frozen=True, kw_only=True)
class Marks(Judged):
    """Marks from 1 to 5 for every item of the world."""

    name: ClassVar[str] = "marks"
    template: ClassVar[str] = "judge/verdict.en.jinja"
    again: ClassVar[str] = "judge/again.en.jinja"
    top: ClassVar[float] = 5.0

    def applies(self, chat: Chat) -> bool:
        return chat.meta.get("lang") == self.language

    def asked(self, chat: Chat, mark: str) -> Any:
        ask = super().asked(chat, mark)
        return ask._replace(messages=(Message("user", f"{chat.reply}\n{mark}\n{ask.messages[0].content}"),))


BENCH = Marks(language="ja")
UNFIT: dict[str, str | Reply] = {"say 2": "", "say 4": "Error: 500", "say 6": Reply("", "content_filter")}
ANSWERS = Answers(model=CANDIDATE, items=Items(n=8))


def say(model: Model, text: str, sample: int) -> str | Reply:
    """The candidate answers with its number; judges give what `GIVES` has for it, the kind one one more."""
    if model == CANDIDATE:
        return UNFIT.get(text, f"answer to {text}")
    mark = text.split("\n")[1]
    return f"Good.\n<verdict-{mark}>{3 if model == STRICT else 4}</verdict-{mark}>"


def built(root: Path, stage: Panel, says: Any = say) -> tuple[Context, list[Score], dict[str, Any]]:
    ctx = context(root, says)
    artifact = ctx.store.build(stage, ctx)
    return ctx, [row for row in artifact.rows() if isinstance(row, Score)], artifact.summary


def test_every_judge_marks_every_answer_that_can_be_judged(tmp_path: Path) -> None:
    _, scores, summary = built(tmp_path, panel(ANSWERS, Marks(language="en"), (STRICT, KIND)))
    assert [(s.id, s.by, s.value, s.why) for s in scores[:2]] == [
        ("item-1", "kind", 4.0, "Good."),
        ("item-1", "strict", 3.0, "Good."),
    ]
    assert summary["metrics"]["score"]["mean"] == 3.5
    assert summary["judges"]["score"]["balanced"] == 3.5
    assert summary["judges"]["score"]["by"]["kind"] == {"mean": 4.0, "n": 4, "missing": 0}


def test_what_has_nothing_to_judge_gets_the_lowest_mark_and_no_judge(tmp_path: Path) -> None:
    ctx, scores, summary = built(tmp_path, panel(ANSWERS, BENCH, (STRICT, KIND)))
    by_rule = [s for s in scores if s.by == "rule"]
    assert [(s.id, s.value, s.why.split(":")[0]) for s in by_rule[::2]] == [
        ("item-2", 1.0, "empty"),
        ("item-4", 1.0, "error_text"),
        ("item-6", 1.0, "refused"),
    ]
    assert summary["by_rule"] == {"empty": 1, "error_text": 1, "refused": 1}
    assert isinstance(ctx.client, Parrot) and ctx.client.asked == 8 + 2


def test_what_cannot_be_read_is_asked_for_once_more_and_then_missing(tmp_path: Path) -> None:
    asked: list[str] = []

    def mute(model: Model, text: str, sample: int) -> str | Reply:
        if model == CANDIDATE:
            return say(model, text, sample)
        asked.append(text)
        mark = text.split("<verdict-")[1][: len(MARK)]
        first = "No explanation" not in text
        if first:
            return "I would say 3."
        return f"<verdict-{mark}>3</verdict-{mark}>" if len(asked) % 2 else "3!"

    _, scores, summary = built(tmp_path, panel(ANSWERS, Marks(language="en"), (STRICT,)), mute)
    assert summary["asked_again"] == {"strict": 4} and len(asked) == 8
    assert [s.value for s in scores] == [3.0, None, 3.0, None]
    assert summary["judges"]["score"]["by"]["strict"] == {"mean": 3.0, "n": 2, "missing": 2}
    assert scores[1].why == "missing: no verdict: the marks are not there"
    assert scores[0].why == "I would say 3."  # the reasons are those of the first reply


def test_another_judge_asks_only_the_judge_and_another_rule_nobody(tmp_path: Path) -> None:
    bench = Marks(language="en")
    first = panel(ANSWERS, bench, (STRICT,))
    ctx, _, _ = built(tmp_path, first)
    assert isinstance(ctx.client, Parrot) and ctx.client.asked == 8 + 4
    ctx.store.build(panel(ANSWERS, bench, (STRICT, KIND)), ctx)
    assert ctx.client.asked == 8 + 4 + 4
    ctx.store.build(replace(first, rule=Marked(rounding="half_even")), ctx)
    assert ctx.client.asked == 8 + 4 + 4


def test_other_judges_or_another_rule_make_another_column(tmp_path: Path) -> None:
    one, two = panel(ANSWERS, BENCH, (STRICT,)), panel(ANSWERS, BENCH, (KIND,))
    board = Board(entries=(Entry(name="a", scores=(one,)), Entry(name="b", scores=(two,))))
    assert any("was judged otherwise" in problem for _, problem in wiring(board))
    ruled = replace(one, rule=Marked(rounding="half_even"))
    board = Board(entries=(Entry(name="a", scores=(one,)), Entry(name="b", scores=(ruled,))))
    assert any("was judged otherwise" in problem for _, problem in wiring(board))


def test_a_panel_of_other_answers_or_of_one_judge_twice_is_refused() -> None:
    mine = panel(ANSWERS, BENCH, (STRICT, STRICT))
    assert any("2 judges called 'strict'" in problem for _, problem in wiring(mine))
    other = panel(replace(ANSWERS, items=Items(n=4)), BENCH, (STRICT,))
    assert any("other answers" in p for _, p in wiring(replace(mine, verdicts=other.verdicts)))
    assert any("is empty" in p for _, p in wiring(replace(mine, verdicts=())))
    assert any("called 'rule'" in p for _, p in wiring(panel(ANSWERS, BENCH, (Model(name="rule"),))))


def test_judges_do_not_see_what_was_thought_before_the_answer() -> None:
    assert BENCH.values(item(0).with_reply("<think>五かな。</think>\n五です。"))["answer"] == "\n五です。"


def test_the_prompt_is_part_of_the_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Marks(language="ja").id
    monkeypatch.setattr("komainu.eval.judge.base.fingerprint", lambda name, folder: "another")
    assert Marks(language="ja").id != before


def test_the_hash_is_over_what_a_template_takes_in(tmp_path: Path) -> None:
    (tmp_path / "a.jinja").write_text('{% include "b.jinja" %}')
    (tmp_path / "b.jinja").write_text("one")
    assert {*parts("a.jinja", tmp_path)} == {"a.jinja", "b.jinja"}
    before = fingerprint("a.jinja", tmp_path)
    (tmp_path / "b.jinja").write_text("two")
    prompts.fingerprint.cache_clear()
    assert fingerprint("a.jinja", tmp_path) != before
    with pytest.raises(UsageError, match=r"no prompt nowhere\.jinja"):
        fingerprint("nowhere.jinja", tmp_path)


def test_an_answer_is_never_a_template() -> None:
    said = render("judge/again.en.jinja", low="{{ 7 * 7 }}", top="5", mark="{% raw %}")
    assert "{{ 7 * 7 }}" in said and "<verdict-{% raw %}>" in said


READ = [
    ("Fine.\n<verdict-M>4</verdict-M>", 4.0, "Fine."),
    ("<verdict-M> 4.5 </verdict-M> and more", 4.5, ""),
    ("<verdict-M>4/5</verdict-M>", None, "not a number"),
    ("<verdict-M>４</verdict-M>", None, "not a number"),
    ("<verdict-M>NUMBER</verdict-M>", None, "not a number"),
    ("<verdict-M>-1</verdict-M>", None, "not a number"),
    ("<verdict-M>nan</verdict-M>", None, "not a number"),
    ("<verdict-M>1e0</verdict-M>", None, "not a number"),
    ("<verdict-M>6</verdict-M>", None, "out of range"),
    ("<verdict-M>0</verdict-M>", None, "out of range"),
    ("<verdict-M>4</verdict-M><verdict-M>5</verdict-M>", None, "no verdict: the marks are not there just once"),
    ("</verdict-M>4<verdict-M>", None, "no verdict: the marks are not there just once"),
    ("<verdict-M>4", None, "no verdict: the marks are not there just once"),
    ("<verdict-000000000000>5</verdict-000000000000>", None, "no verdict: the marks are not there"),
    ("", None, "no verdict: the marks are not there"),
]


@pytest.mark.parametrize(("reply", "value", "said"), READ)
def test_only_a_plain_number_between_the_marks_is_a_verdict(reply: str, value: float | None, said: str) -> None:
    verdict = Marked().read(reply.replace("M>", f"{MARK}>"), MARK, BENCH)
    assert verdict.values.get("score") == value
    assert verdict.reason == said if value is not None else verdict.wrong.startswith(said)


def test_rounding_is_named() -> None:
    for text, value in (("2.5", 2.0), ("3.5", 4.0), ("4.4", 4.0)):
        verdict = Marked(rounding="half_even").read(f"<verdict-{MARK}>{text}</verdict-{MARK}>", MARK, BENCH)
        assert verdict.values == {"score": value}


@given(st.text() | st.text(alphabet=f"<>/verdict-{MARK}0123456789.５"))
def test_reading_never_fails_and_stays_on_the_scale(reply: str) -> None:
    verdict = Marked().read(reply, MARK, BENCH)
    assert all(BENCH.low <= value <= BENCH.top for value in verdict.values.values())
    assert bool(verdict.values) != bool(verdict.wrong)


def nonces() -> Iterator[str]:
    chat = item(0).with_reply("an answer")
    yield nonce(0, "marks", chat)
    yield nonce(1, "marks", chat)
    yield nonce(0, "other", chat)
    yield nonce(0, "marks", chat.with_reply("another answer"))
    yield nonce(0, "marks", item(2).with_reply("an answer"))


def test_the_nonce_follows_seed_bench_row_and_answer() -> None:
    assert len({*nonces()}) == 5 and [*nonces()] == [*nonces()]
    assert all(len(each) == len(MARK) and set(each) <= set("0123456789abcdef") for each in nonces())
