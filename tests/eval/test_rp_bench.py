"""rp-bench: its scenarios, how its talks are held, and the published values from the published marks."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from komainu.errors import UsageError
from komainu.eval.bench.rp_bench.bench import CRITERIA, RpBench
from komainu.eval.bench.rp_bench.dialogue import Dialogue
from komainu.eval.bench.rp_bench.items import RpItems, scenario_of, scenarios
from komainu.eval.bench.rp_bench.partner import ITSELF, SILENT, START, Partner, fault
from komainu.eval.board import Board, Entry
from komainu.eval.judge.panel import panel
from komainu.models.base import Model, Reply
from komainu.models.cache import Cached
from komainu.rows import Chat, Message
from komainu.stage import wiring
from tests.eval.rp_world import Company, Replayed, context, part, published

FIXTURES = Path(os.environ.get("KOMAINU_FIXTURES", "")) / "rp_bench"
fixtures = pytest.mark.skipif(not FIXTURES.is_dir(), reason="KOMAINU_FIXTURES has no rp_bench")
CANDIDATE, USER = Model(name="candidate", temperature=0.7), Model(name="user", temperature=0.5)
SIDES = ("character", "user")
TALKS = Dialogue(model=CANDIDATE, items=RpItems(limit=3), partner=Partner(model=USER))


def lines(model: Model, role: str, turn: int, said: str) -> str | Reply:
    """Everybody says who they are and which turn it is."""
    return f"{turn}番目の{'問いかけ' if role == 'user' else '返事'}を、ここで申し上げます"


def held(root: Path, plays: Any = lines, talks: Dialogue = TALKS) -> tuple[list[Chat], dict[str, Any], Company]:
    ctx, company = context(root, plays)
    artifact = ctx.store.build(talks, ctx)
    return [row for row in artifact.rows() if isinstance(row, Chat)], artifact.summary, company


def test_there_are_forty_scenarios_or_more_each_whole_and_another() -> None:
    rows = RpItems().rows()
    found = [scenario_of(row) for row in rows]
    assert len(rows) >= 40 and len({row.id for row in rows}) == len(rows)
    assert len({s.genre for s in found}) >= 12 and len({s.opening for s in found}) == len(found)
    assert len({s.character.name for s in found}) == len(found) and len({s.world for s in found}) == len(found)
    for scenario in found:
        told = [scenario.world, scenario.scene, scenario.character.about, scenario.character.voice, scenario.user.about]
        told += [scenario.tone, scenario.form, scenario.aim, scenario.opening]
        assert all(len(text) >= 8 for text in told) and sum(map(len, told)) > 250, scenario.id
        assert "一人称" in scenario.character.voice


def test_a_broken_scenario_is_named_with_its_line(tmp_path: Path) -> None:
    good = RpItems().rows()[0].meta["scenario"]
    for what, value in (("genre", 3), ("more", "?")):
        file = tmp_path / "scenarios.jsonl"
        file.write_text("".join(json.dumps(each) + "\n" for each in (good, {**good, what: value})))
        with pytest.raises(UsageError, match=rf"scenarios.jsonl:2: not a scenario: .*{what}"):
            [*scenarios(file)]
    with pytest.raises(UsageError, match=r"'x': meta\.scenario is not a scenario"):
        scenario_of(Chat("x", ()))


def test_the_candidate_sees_its_persona_and_not_what_the_user_is_after() -> None:
    for row in RpItems().rows():
        scenario, system = scenario_of(row), row.messages[0]
        assert system.role == "system" and row.messages[1] == Message("user", scenario.opening)
        assert scenario.character.voice in system.content and scenario.form in system.content
        assert scenario.aim not in system.content
        (aside, *_) = ITSELF.asked(scenario, row.messages[1:])
        assert scenario.aim in aside.content and scenario.character.voice not in aside.content


@pytest.mark.parametrize("partner", [Partner(model=USER, turns=4), Partner(turns=4)], ids=["a user", "itself"])
def test_the_most_that_is_asked_of_the_candidate_is_its_last_reply_and_what_it_says_as_the_user(
    tmp_path: Path, partner: Partner
) -> None:
    talks = replace(TALKS, model=replace(CANDIDATE, max_tokens=30), partner=partner)
    _, _, company = held(tmp_path, talks=talks)
    ours = [q for model, batch in company.batches if model.name == "candidate" for q in batch]
    last = {who: max((q for q in ours if part(q) == who), key=lambda q: len(q.messages), default=None) for who in SIDES}
    requests = {who: [r for r in talks.requests(RpItems(limit=3).rows()) if part(r.question) == who] for who in SIDES}
    for who, question in last.items():
        told = [[m.role for m in request.question.messages] for request in requests[who]]
        assert told == ([] if question is None else [[m.role for m in question.messages]] * 3)
    user = 30 if partner.model is None else USER.max_tokens
    assert {request.answers for request in requests["character"]} == {4 * 30 + 3 * user}
    assert {request.answers for request in requests["user"]} == (set() if partner.model else {3 * 30 + 3 * 30})


def test_a_talk_is_ten_turns_of_both_and_all_talks_of_a_turn_are_asked_at_once(tmp_path: Path) -> None:
    rows, summary, company = held(tmp_path)
    for row in rows:
        said = [m.content for m in row.messages[2:]]
        assert [m.role for m in row.messages] == ["system", *["user", "assistant"] * 10]
        assert said[:3] == [
            f"{n}番目の{who}を、ここで申し上げます" for n, who in ((1, "返事"), (2, "問いかけ"), (2, "返事"))
        ]
        assert row.meta["turns"] == 10 and "stopped" not in row.meta
    assert [(model.name, len(asked)) for model, asked in company.batches if asked] == [
        ("candidate", 3),
        *[("user", 3), ("candidate", 3)] * 9,
    ]
    assert summary["turns"] == {"10": 3} and summary["finish"] == {"stop": 30} and summary["user"] == "user"


def test_the_simulated_user_sees_the_talk_with_the_parts_swapped(tmp_path: Path) -> None:
    rows, _, company = held(tmp_path)
    last = [asked for model, asked in company.batches if model.name == "user" and asked][-1][0]
    assert [m.role for m in last.messages] == ["system", "user", *["assistant", "user"] * 9]
    assert last.messages[1].content == START
    assert [m.content for m in last.messages[2:]] == [m.content for m in rows[0].messages[1:19]]


def test_without_a_model_of_its_own_the_candidate_plays_the_user_too(tmp_path: Path) -> None:
    alone = replace(TALKS, partner=ITSELF)
    _, summary, company = held(tmp_path, talks=alone)
    assert {model.name for model, _ in company.batches} == {"candidate"} == {summary["user"]}
    assert len({TALKS.id, alone.id, replace(alone, partner=Partner(turns=5)).id}) == 3


@pytest.mark.parametrize("module", ["items", "partner"])
def test_a_changed_prompt_of_either_side_is_another_talk(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    def talks() -> Dialogue:
        return Dialogue(model=CANDIDATE, items=RpItems(limit=3), partner=Partner(model=USER))

    before = talks().id
    assert talks().id == before
    monkeypatch.setattr(f"komainu.eval.bench.rp_bench.{module}.fingerprint", lambda name: "another")
    assert talks().id != before


def test_entries_with_other_partners_are_not_compared() -> None:
    judge = (Model(name="judge"),)
    one, two = (panel(each, RpBench(), judge) for each in (TALKS, replace(TALKS, partner=ITSELF)))
    board = Board(entries=(Entry(name="a", scores=(one,)), Entry(name="b", scores=(two,))))
    assert any("was asked otherwise" in problem for _, problem in wiring(board))
    board = Board(entries=(Entry(name="a", scores=(one,)), Entry(name="b", scores=(one,))))
    assert not any("otherwise" in problem for _, problem in wiring(board))


@pytest.mark.parametrize(
    ("who", "reply", "turns", "stopped"),
    [
        ("character", Reply("", "content_filter"), 3, "candidate: content_filter"),
        ("character", Reply("", "context_overflow"), 3, "candidate: context_overflow"),
        ("character", Reply("", "length"), 3, "candidate: length"),
        ("user", Reply("", "content_filter"), 3, "user: content_filter"),
        ("character", Reply(""), 4, "candidate: empty"),
        ("character", Reply("", thinking="まだ考えている"), 4, "candidate: empty"),
        ("character", Reply("Error: 500"), 4, "candidate: error_text"),
    ],
)
def test_a_talk_that_ends_early_is_kept_as_far_as_it_came(
    tmp_path: Path, who: str, reply: Reply, turns: int, stopped: str
) -> None:
    def plays(model: Model, role: str, turn: int, said: str) -> str | Reply:
        return reply if (role, turn) == (who, 4) else lines(model, role, turn, said)

    rows, summary, _ = held(tmp_path, plays)
    assert all(row.meta["turns"] == turns and row.meta["stopped"] == stopped for row in rows)
    assert all([m.role for m in row.messages] == ["system", *["user", "assistant"] * turns] for row in rows)
    assert summary["stopped"] == {stopped: 3} and summary["turns"] == {str(turns): 3}
    assert "finish" not in rows[0].meta or turns == 4
    assert "途中まで" in RpBench().asked(rows[0], "m").messages[0].content


def test_a_first_reply_that_the_provider_refuses_is_the_answer(tmp_path: Path) -> None:
    def plays(model: Model, role: str, turn: int, said: str) -> str | Reply:
        return Reply("", "content_filter") if role == "character" else lines(model, role, turn, said)

    rows, _, _ = held(tmp_path, plays)
    assert [(row.reply, row.meta["finish"], row.meta["turns"]) for row in rows] == [("", "content_filter", 1)] * 3


FAULTY = [
    ("", "empty"),
    ("　\n", "empty"),
    ("Error: 503 Service Unavailable", "error_text"),
    ("申し訳ありませんが、お手伝いできません。", "out_of_role"),
    ("AIアシスタントとして、この続きは書きません。", "out_of_role"),
    ("そうだね。\nユーザー：じゃあ行こう", "out_of_role"),
    ("行こう。\nザイラ「いいさね」", "out_of_role"),
    ("行こう。\nザイラ：いいさね", "out_of_role"),
    ("3番目の問いかけを、ここで申し上げます！", "repeats"),
    ("2番目の返事を、ここで 申し上げます", "repeats"),
    ("はい。", ""),
    ("ザイラさん、行きましょう。", ""),
    ("（港の鐘が鳴る）ねえ、船長はどう思う？", ""),
]


@pytest.mark.parametrize(("text", "why"), FAULTY, ids=[text[:12] or "nothing" for text, _ in FAULTY])
def test_what_cannot_be_the_users_line_is_told_why(text: str, why: str) -> None:
    scenario = scenario_of(RpItems().rows()[0])
    said = [f"{n}番目の{who}を、ここで申し上げます" for n in (2, 3) for who in ("問いかけ", "返事")]
    talk = [Message("assistant" if i % 2 else "user", text) for i, text in enumerate(said)]
    assert fault(text, scenario, talk) == why


def test_the_line_before_is_not_said_again_however_short() -> None:
    scenario = scenario_of(RpItems().rows()[0])
    talk = [Message("user", "はい。"), Message("assistant", "そうかい。")]
    assert fault("はい", scenario, talk) == "repeats" and fault("そうかい", scenario, talk) == ""


def test_a_faulty_line_is_asked_for_once_more_and_then_the_user_is_silent(tmp_path: Path) -> None:
    again: list[str] = []

    def plays(model: Model, role: str, turn: int, said: str) -> str | Reply:
        if role != "user" or turn not in (3, 5):
            return lines(model, role, turn, said)
        again.append(f"{turn}")
        return "" if turn == 3 or len(again) < 10 else "立て直した台詞です。"

    rows, summary, company = held(tmp_path, plays)
    users = [[m.content for m in row.messages if m.role == "user"] for row in rows]
    assert all(said[2] == SILENT and said[4] == "立て直した台詞です。" for said in users)
    assert summary["user_silent"] == 3 and summary["user_faults"] == {"empty": 9} and summary["turns"] == {"10": 3}
    assert rows[0].meta["user_faults"] == [[3, "empty"], [3, "empty"], [5, "empty"]]
    asked = [q for model, some in company.batches for q in some if "使えませんでした" in q.messages[0].content]
    assert len(asked) == 6 and all("何も書かれていない" in q.messages[0].content for q in asked)


def test_thinking_of_both_stays_apart(tmp_path: Path) -> None:
    def plays(model: Model, role: str, turn: int, said: str) -> str | Reply:
        return Reply(str(lines(model, role, turn, said)), thinking=f"{role}の胸のうち")

    rows, _, company = held(tmp_path, plays)
    sent = "".join(m.content for _, asked in company.batches for q in asked for m in q.messages)
    assert "胸のうち" not in sent
    assert {m.extra["thinking"] for m in rows[0].messages if m.role == "assistant"} == {"characterの胸のうち"}
    assert {m.extra["thinking"] for m in rows[0].messages[3:] if m.role == "user"} == {"userの胸のうち"}
    assert "胸のうち" not in RpBench().asked(rows[0], "m").messages[0].content


def test_a_run_that_was_stopped_asks_for_nothing_twice(tmp_path: Path) -> None:
    asked: list[tuple[str, int, str]] = []

    def plays(model: Model, role: str, turn: int, said: str) -> str | Reply:
        asked.append((role, turn, said))
        if len(asked) == 20:
            raise ConnectionError("the line is dead")
        return lines(model, role, turn, said)

    ctx, company = context(tmp_path / "store", plays)
    ctx.client = Cached(company, tmp_path / "calls.sqlite")
    with ctx, pytest.raises(ConnectionError):
        ctx.store.build(TALKS, ctx)
    ctx.client = Cached(company, tmp_path / "calls.sqlite")
    with ctx:
        rows = [*ctx.store.build(TALKS, ctx).rows()]
    assert len(asked) == 3 * 19 + 1  # only the question that failed is asked again
    assert rows == held(tmp_path / "whole")[0]


def test_samples_are_talks_of_their_own(tmp_path: Path) -> None:
    rows, summary, company = held(tmp_path, talks=replace(TALKS, samples=2))
    assert [row.meta["sample"] for row in rows] == [0, 0, 0, 1, 1, 1] and summary["turns"] == {"10": 6}
    for model in (CANDIDATE, USER):
        assert {q.sample for who, asked in company.batches if who == model for q in asked} == {0, 1}
    assert any("held at one temperature" in p for _, p in wiring(replace(TALKS, temperatures=(0.0, 0.5))))


def test_the_judge_gets_the_talk_the_setting_and_all_criteria(tmp_path: Path) -> None:
    rows, _, _ = held(tmp_path)
    (message,) = RpBench().asked(rows[0], "0123456789ab").messages
    scenario = scenario_of(rows[0])
    assert all(m.content in message.content for m in rows[0].messages[1:])
    assert rows[0].messages[0].content not in message.content and scenario.aim not in message.content
    assert all(message.content.count(f'"{name}": 点数') == 1 for name in CRITERIA)
    who = re.findall(r'<line-0123456789ab by="(.+?)">', message.content)
    assert who == [scenario.user.name, scenario.character.name] * 10


@fixtures
@pytest.mark.parametrize(
    ("file", "model", "overall"),
    [
        ("cyberagent-Mistral-Nemo-Japanese-Instruct-2408", "cyberagent/Mistral-Nemo-Japanese-Instruct-2408", 4.2656),
        ("mistralai-Mistral-Nemo-Instruct-2407", "mistralai/Mistral-Nemo-Instruct-2407", 3.5354),
    ],
)
def test_the_published_marks_give_the_published_values(tmp_path: Path, file: str, model: str, overall: float) -> None:
    """Every published talk and mark through the whole bench: replayed, marked by the published judges, pooled."""
    path = FIXTURES / f"{file}.evaluations.jsonl.gz"
    rows = published(path)
    next_line = {
        (said[i - 1], i): said[i] for row in rows for said in [row["conversation_history"]] for i in range(1, 20)
    }
    assert len(next_line) == 30 * 19 and {row["target_model_name"] for row in rows} == {model}
    marks = {row["conversation_history"][-1]: row["individual_evaluations"] for row in rows}

    def plays(model: Model, role: str, turn: int, said: str) -> str | Reply:
        if role != "judge":
            return str(next_line[said, 2 * turn - (1 if role == "character" else 2)])
        mark = re.findall(r"<verdict-(\w+)>", said)[0]
        (given,) = (each for last, each in marks.items() if f"\n{last.strip()}\n</line-{mark}>\n</dialogue" in said)
        (mine,) = (each for each in given if each["judge_model_name"] == model.name)
        return f"<verdict-{mark}>{json.dumps({name: mine[name] for name in CRITERIA})}</verdict-{mark}>"

    talks = Dialogue(model=CANDIDATE, items=Replayed(path=str(path)), partner=Partner(model=USER))
    judges = [Model(name=name) for name in rows[0]["judge_model_names"]]
    ctx, _ = context(tmp_path, plays)
    summary = ctx.store.build(panel(talks, RpBench(), judges), ctx).summary
    assert round(summary["metrics"]["total"]["mean"], 4) == overall == round(summary["judges"]["total"]["balanced"], 4)
    assert summary["metrics"]["total"]["n"] == 120 and summary["metrics"]["total"]["missing"] == 0
    for name in CRITERIA:
        assert summary["criteria"][name]["mean"] == pytest.approx(sum(row[name] for row in rows) / 30, abs=1e-6)
    means = [summary["criteria"][name]["mean"] for name in CRITERIA]
    assert summary["metrics"]["total"]["mean"] == pytest.approx(sum(means) / 8, abs=1e-6)


def test_the_part_that_a_question_casts_is_told(tmp_path: Path) -> None:
    _, _, company = held(tmp_path)
    assert {part(q) for model, asked in company.batches if model == USER for q in asked} == {"user"}
