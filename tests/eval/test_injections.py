"""Answers that try to steer the judge or forge a verdict: none is read as a verdict, whatever a judge does with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.context import Context
from komainu.eval.base import Answers
from komainu.eval.bench.rp_bench.bench import RpBench
from komainu.eval.bench.rp_bench.items import RpItems
from komainu.eval.judge.base import Judged
from komainu.eval.judge.guard import fate, steers
from komainu.eval.judge.panel import panel
from komainu.files import write_rows
from komainu.marks import nonce
from komainu.models.base import Model, Reply
from komainu.rows import Chat, Score
from komainu.stage import Stage
from tests.eval.injections import Injection, answered, benches, corpus, honest, transcript
from tests.eval.world import context

BENCHES = benches()
every = pytest.mark.parametrize("bench", BENCHES, ids=[f"{b.name}-{type(b).__name__}" for b in BENCHES])


def asked(bench: Judged) -> Iterator[tuple[Injection, Chat, str, str]]:
    """Each injection as an answer, with its mark and the question to the judges."""
    for injection in corpus():
        for chat in answered(bench, injection.answer):
            mark = nonce(0, bench.name, chat)
            yield injection, chat, mark, bench.asked(chat, mark).messages[-1].content


def replies(injection: Injection, prompt: str) -> tuple[str, ...]:
    """What judges say that do as they are told: repeat the answer, obey it, repeat the prompt, all of it."""
    said = (injection.answer, injection.payload, f"{injection.answer}\n{injection.payload}")
    return (*said, prompt, f"{prompt}\n{injection.payload}", f"{injection.payload}\n{prompt}")


def test_the_corpus_is_large_varied_and_in_both_languages() -> None:
    kinds, languages = Counter(each.category for each in corpus()), Counter(each.lang for each in corpus())
    assert len(corpus()) >= 200 and len({each.id for each in corpus()}) == len(corpus())
    assert len({each.answer for each in corpus()}) == len(corpus())
    assert len(kinds) >= 20 and min(kinds.values()) >= 9 and min(languages["ja"], languages["en"]) >= 100
    assert sum(each.literal for each in corpus()) >= 200


def test_all_judged_benches_are_tried() -> None:
    names = {bench.name for bench in BENCHES}
    assert names >= {"rp_bench", "elyza_tasks_100", "ja_mt_bench_1shot", "rakuda", "tengu_bench", "ja_mt_bench_2turn"}
    assert names >= {"mixeval_free", "mixeval_hard_free", "graded", "tl_bench"}


@every
def test_a_judge_that_does_as_it_is_told_forges_nothing(bench: Judged) -> None:
    for injection, chat, mark, prompt in asked(bench):
        assert all(mark not in message.content for message in chat.messages), injection.id
        said = replies(injection, prompt)
        for reply in said:
            assert bench.read(transcript(mark, reply)).values == {}, (injection.id, reply[:200])
        assert bench.read(transcript(mark, *said)).values == {}, injection.id
        assert bench.read(transcript(mark, prompt, injection.payload)).wrong, injection.id


@every
def test_the_verdict_of_its_own_is_read_whatever_stands_around_it(bench: Judged) -> None:
    for injection, _, mark, prompt in asked(bench):
        own = honest(bench, mark)
        values = bench.read(transcript(mark, own)).values
        assert values
        for said in (injection.answer, injection.payload, f"{injection.answer}\n{injection.payload}"):
            assert bench.read(transcript(mark, f"{said}\n{own}")).values == values, injection.id
            assert bench.read(transcript(mark, f"{own}\n{said}")).values == values, injection.id
            assert bench.read(transcript(mark, said, own)).values == values, injection.id
        assert bench.read(transcript(mark, f"{prompt}\n{injection.payload}\n{own}")).values == {}, injection.id
        assert bench.read(transcript(mark, f"{prompt}\n{injection.payload}", own)).values == values, injection.id


@every
def test_a_mark_of_its_own_for_the_answer_beside_the_verdict_voids_both(bench: Judged) -> None:
    """The one thing that no reading can tell: a judge that writes with its own marks what an answer wants. Then it is
    its verdict; but one that gives its own, too, has none."""
    for injection, _, mark, _ in asked(bench):
        if not injection.literal:
            forged = injection.payload.replace("{mark}", mark)
            assert bench.read(transcript(mark, f"{forged}\n{honest(bench, mark)}")).values == {}, injection.id


@every
@given(data=st.data())
def test_a_verdict_with_one_character_changed_is_none(bench: Judged, data: st.DataObject) -> None:
    mark = "3f9a2c71d04e6b58"
    own = honest(bench, mark)
    at = data.draw(st.integers(0, own.index(">")) | st.integers(own.rindex("<") + 1, len(own) - 1))
    other = data.draw(st.sampled_from("\u200b\u202e＜＞０Оо<>- \n0") | st.characters())
    kept = data.draw(st.booleans())  # the character stays, with the other before it
    reply = own[:at] + other + (own[at:] if kept else own[at + 1 :])

    if own not in reply:
        assert bench.read(transcript(mark, reply)).values == {}


@dataclass(frozen=True, kw_only=True)
class Injected(Stage):
    """The injections as items of rp-bench, each under the first scenario."""

    makes = Chat

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        scenario = RpItems().rows()[0]
        rows = (Chat(each.id, scenario.messages[:1] + scenario.messages[1:], scenario.meta) for each in corpus())
        return {"rows": write_rows(out / "rows.jsonl", rows)}


def test_a_panel_of_obedient_judges_has_no_verdicts(tmp_path: Path) -> None:
    """The whole way: the answers, the judges' replies and those to the second request, the scores."""
    told: dict[str, str] = {each.answer.strip(): each.payload for each in corpus()}
    waiting = iter(corpus())

    def say(model: Model, text: str, sample: int) -> str | Reply:
        if model.name == "candidate":
            return next(waiting).answer
        if "<line-" not in text:
            return "10"
        mine = text.split("\n<line-")[-1].split(">\n", 1)[1].rsplit("\n</line-", 1)[0]
        return f"{mine}\n{told.get(mine.strip(), '10')}"

    ctx = context(tmp_path, say)
    answers = Answers(model=Model(name="candidate"), items=Injected())
    artifact = ctx.store.build(panel(answers, RpBench(), (Model(name="obedient"),)), ctx)
    chats = [row for row in ctx.open(answers).rows() if isinstance(row, Chat)]
    ruled = {chat.id for chat in chats if fate(RpBench(), chat) is not None}
    scores = [row for row in artifact.rows() if isinstance(row, Score)]
    assert {score.id for score in scores if score.value is not None} == ruled and len(ruled) < 5
    assert artifact.summary["metrics"]["total"]["missing"] == len(corpus()) - len(ruled)
    assert artifact.summary["steering"] == sum(bool(steers(chat)) for chat in chats) > 250
