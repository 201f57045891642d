"""What no judge sees: all of it gets the lowest mark and is flagged, and no ordinary answer does."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.eval.judge.guard import fate, ruled
from komainu.eval.ruling import missing
from komainu.models.base import Reply
from komainu.rows import Chat, Message, Score
from tests.checks.helpers import FIXTURES, needs_fixtures
from tests.checks.test_error_text import LIKELY, SURE
from tests.eval.judge.world import STRICT, Counting, Marks, judged, opened

BENCH = Marks(language="en")
BLANK = ["", " ", "\n\n\t", "\u3000", "\u200b", "\ufeff\u200d", "\u2800", "\u3164", "\x00", "\u00ad\u2060"]
THINKING = [
    "<think>Let me see.</think>",
    "<think>Let me see",
    "<think></think>\n\n",
    "<thinking>a</thinking> \u200b",
    "[THINK]hm[/THINK]",
    "I should say something about it.\n</think>\n",
]
REFUSED = ["content_filter", "refusal"]


def answered(text: str, **meta: Any) -> Chat:
    return Chat(
        "row", (Message("user", "日本の首都はどこですか。"), Message("assistant", text)), {"lang": "en", **meta}
    )


@pytest.mark.parametrize(
    ("text", "flag"), [*((t, "empty") for t in [*BLANK, *THINKING]), *((t, "error_text") for t in [*SURE, *LIKELY])]
)
def test_what_has_nothing_to_judge_gets_the_lowest_mark(text: str, flag: str) -> None:
    value, why = fate(BENCH, answered(text)) or (None, "")
    assert value == BENCH.low and why.startswith(f"{flag}: ")


def test_a_reply_that_is_all_thinking_and_one_that_the_provider_refuses_get_the_lowest_mark() -> None:
    for finish in ("stop", "length"):
        assert fate(BENCH, answered("", thinking="hm", finish=finish)) == (BENCH.low, "empty: only thinking")
    for finish in REFUSED:
        value, why = fate(BENCH, answered("", finish=finish)) or (None, "")
        assert value == BENCH.low and why.startswith("refused: ")


def test_an_answer_that_the_model_never_gave_is_missing_and_not_the_worst() -> None:
    for finish in ("context_overflow", "length"):
        assert fate(BENCH, answered("", finish=finish)) == (None, missing(answered("", finish=finish)))


def test_no_judge_is_asked_about_any_of_them(tmp_path: Path) -> None:
    """Through the whole way: one answer after the other has nothing to judge, and the summary counts them."""
    texts = [*BLANK, *SURE, *LIKELY]
    client = Counting(says={"candidate": texts})
    with opened(tmp_path, client) as ctx:
        artifact = ctx.store.build(judged(len(texts), (STRICT,)), ctx)
        scores = [row for row in artifact.rows() if isinstance(row, Score)]
    assert client.asked["strict"] == 0
    assert {(s.by, s.value) for s in scores} == {("rule", 1.0)} and len(scores) == len(texts)
    assert sum(artifact.summary["by_rule"].values()) == len(texts)


@given(st.text(alphabet="".join(BLANK), max_size=20), st.sampled_from(["", "<think>x</think>", "<think>x"]))
def test_any_text_of_blanks_gets_the_lowest_mark(text: str, thought: str) -> None:
    assert (fate(BENCH, answered(thought + text)) or ("",))[0] == BENCH.low


@given(st.text(), st.sampled_from(["stop", "length", *REFUSED]))
def test_any_answer_has_a_fate_and_what_is_judged_has_something_to_read(text: str, finish: str) -> None:
    found = fate(BENCH, answered(text, finish=finish))
    assert found is None or found[1]
    if found is None:
        assert text.strip()


def ordinary() -> Iterator[tuple[str, str]]:
    """(question, answer): published answers of six models, read only."""
    for path in sorted(Path(FIXTURES, "shaberi", "tree", "judgements").glob("*/*/*.json")):
        for line in filter(str.strip, path.read_text(encoding="utf-8").splitlines()):
            row = json.loads(line)
            yield str(row.get("Question") or row.get("question") or row.get("input") or ""), str(row["ModelAnswer"])
    for path in sorted(Path(FIXTURES, "ifeval", "verdicts").glob("*/*.strict.jsonl.gz")):
        for line in gzip.decompress(path.read_bytes()).decode().splitlines():
            row = json.loads(line)
            yield row["prompt"], row["response"]


@needs_fixtures
def test_no_ordinary_answer_is_scored_by_rule() -> None:
    """With its question and with none: that the question speaks of errors is not what saves them."""
    found = {*ordinary()}
    alarms = [
        (asked, text)
        for question, text in found
        for asked in {question, ""}
        if text.strip() and ruled(Chat("row", (Message("user", asked), Message("assistant", text))))
    ]
    assert len(found) > 2500 and alarms == []


def test_a_cut_answer_goes_to_the_judge() -> None:
    assert fate(BENCH, answered("The capital is To", finish="length")) is None
    assert fate(BENCH, answered("The capital", finish="content_filter")) is None


def test_a_reply_kept_from_a_provider_that_refuses_is_flagged(tmp_path: Path) -> None:
    class Refusing(Counting):
        def ask(self, model: Any, questions: Any) -> Iterator[Reply]:
            for _ in questions:
                yield Reply("", "content_filter")

    with opened(tmp_path, Refusing()) as ctx:
        artifact = ctx.store.build(judged(4, (STRICT,)), ctx)
    assert artifact.summary["by_rule"] == {"refused": 4}
