from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics import CHRF

from komainu.eval.base import Bench
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.bench.extra_text import ExtraTextRate
from komainu.eval.bench.formats import FormatRules
from komainu.eval.bench.leakage import LeakageRate
from komainu.eval.bench.register import RegisterKept
from komainu.eval.bench.translation import Translation
from komainu.rows import Chat, Message


def chat(question: str, answer: str, **meta: Any) -> Chat:
    return Chat("row", (Message("user", question), Message("assistant", answer)), meta)


def value(bench: Bench, row: Chat) -> float | None:
    (score,) = bench.score(row)
    assert score.id == row.id and score.metric == bench.metrics[0]
    return score.value


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("犬です。", 1.0),
        (" 犬です。\n", 1.0),
        ("犬だ。", 1.0),
        ("犬です", 0.0),
        ("犬 です。", 0.0),
        ("「犬です。」", 0.0),
    ],
)
def test_exact_match_takes_any_reference_and_only_trims_outer_space(answer: str, expected: float) -> None:
    row = chat("何？", answer, lang="ja", task="questions", references=["犬です。", "犬だ。"])
    assert value(ExactMatch(language="ja"), row) == expected


def test_exact_match_does_not_fold_widths_and_reads_past_thinking() -> None:
    row = chat("3+4?", "７", lang="ja", references=["7"])
    assert value(ExactMatch(language="ja"), row) == 0.0
    assert value(ExactMatch(language="ja"), row.with_reply("<think>3+4</think>\n7")) == 1.0


def test_exact_match_needs_references_and_can_be_narrowed_to_tasks() -> None:
    row = chat("?", "x", lang="en", task="json", references=["x"])
    assert ExactMatch(language="en").applies(row) and not ExactMatch(language="ja").applies(row)
    assert not ExactMatch(language="en").applies(row.with_meta(references=[]))
    assert ExactMatch(language="en", tasks=("json",)).applies(row)
    assert not ExactMatch(language="en", tasks=("bullets",)).applies(row)
    assert ExactMatch(language="en").group(row) == "json"


def test_format_rules_look_at_the_format_and_not_at_the_content() -> None:
    row = chat("List.", "- a\n- b", lang="en", format={"kind": "bullets", "n": 2})
    assert FormatRules(language="en").applies(row) and not FormatRules(language="en").applies(
        row.with_meta(format=None)
    )
    assert value(FormatRules(language="en"), row) == 1.0
    assert value(FormatRules(language="en"), row.with_reply("a, b")) == 0.0
    (score,) = FormatRules(language="en").score(row.with_reply("a, b"))
    assert score.why.startswith("format: ")


def test_translation_is_the_best_chrf_over_the_references() -> None:
    references = ["私は公園で本を読みます。", "私は公園で本を読む。"]
    row = chat("Translate.", references[1], lang="ja", task="translate_ja", references=references)
    assert value(Translation(language="ja"), row) == 1.0
    close, far = row.with_reply("私は公園で本を読んだ。"), row.with_reply("猫。")
    theirs = max(CHRF().sentence_score(close.reply, [r]).score for r in references) / 100
    assert value(Translation(language="ja"), close) == pytest.approx(theirs, abs=1e-6)
    assert (value(Translation(language="ja"), far) or 0) < 0.2 < theirs


def test_translation_asks_only_translation_tasks() -> None:
    row = chat("x", "y", lang="en", task="translate_en", references=["y"])
    assert Translation(language="en").applies(row)
    assert not Translation(language="en").applies(row.with_meta(task="polite"))
    assert not Translation(language="ja").applies(row)


@given(st.text(min_size=1, max_size=30), st.text(min_size=1, max_size=30))
def test_chrf_lies_between_0_and_1(answer: str, reference: str) -> None:
    row = chat("x", answer, lang="en", task="translate_en", references=[reference])
    found = value(Translation(language="en"), row)
    assert found is not None and 0 <= found <= 1


def test_register_counts_what_is_only_preferred() -> None:
    row = chat("訳して", "犬が走ります。", lang="ja", register="polite", preferred=True)
    assert RegisterKept().applies(row)
    assert value(RegisterKept(), row) == 1.0
    assert value(RegisterKept(), row.with_reply("犬が走る。")) == 0.0
    assert value(RegisterKept(), row.with_meta(register="plain")) == 0.0


def test_an_answer_without_a_predicate_keeps_no_register() -> None:
    row = chat("訳して", "犬", lang="ja", register="polite", references=["犬が走ります。"])
    assert value(RegisterKept(), row) == 0.0
    assert not RegisterKept().applies(row.with_meta(references=["犬"]))


def test_register_is_not_asked_where_none_is_wanted_or_in_english() -> None:
    row = chat("x", "y", lang="ja", register="polite")
    assert not RegisterKept().applies(row.with_meta(register=None))
    assert not RegisterKept().applies(row.with_meta(lang="en"))


def test_leakage_is_one_when_a_word_of_another_language_slipped_in() -> None:
    row = chat("どこ？", "彼は駅で待ちます。", lang="ja")
    assert not LeakageRate.higher_is_better
    assert value(LeakageRate(language="ja"), row) == 0.0
    assert value(LeakageRate(language="ja"), row.with_reply("彼はstationで待ちます。")) == 1.0
    english = chat("Where?", "He waits at the 駅.", lang="en")
    assert value(LeakageRate(language="en"), english) == 1.0


def test_extra_text_is_asked_where_the_bare_result_is_called_for() -> None:
    row = chat("日本語に訳してください。\nThe dog runs.", "犬が走ります。", lang="ja", task="translate_ja")
    assert not ExtraTextRate.higher_is_better
    assert ExtraTextRate(language="ja").applies(row)
    assert not ExtraTextRate(language="ja").applies(row.with_meta(task="roleplay"))
    assert ExtraTextRate(language="ja").applies(row.with_meta(task="roleplay", bare=True))
    assert value(ExtraTextRate(language="ja"), row) == 0.0
    assert value(ExtraTextRate(language="ja"), row.with_reply("はい、翻訳します。\n犬が走ります。")) == 1.0


BENCHES: tuple[Bench, ...] = (
    ExactMatch(language="ja"),
    FormatRules(language="ja"),
    Translation(language="ja"),
    RegisterKept(),
    LeakageRate(language="ja"),
    ExtraTextRate(language="ja"),
)


@given(st.text(max_size=60))
def test_no_bench_reads_the_hidden_label_or_fails_on_any_text(text: str) -> None:
    meta = {"references": ["犬です。"], "task": "translate_ja", "register": "polite"}
    row = chat("x", text, lang="ja", format={"kind": "sentences", "n": 1}, **meta)
    for bench in BENCHES:
        assert bench.applies(row)
        assert bench.applies(row.with_reply("")) == bench.applies(row.with_meta(hidden={"fault": "leak"}))
        assert bench.score(row) == bench.score(row.with_meta(hidden={"fault": "leak"}))


def test_bench_names_are_distinct() -> None:
    assert len({bench.name for bench in BENCHES}) == len(BENCHES)
