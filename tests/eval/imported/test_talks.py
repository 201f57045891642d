"""Published role-play: what its files hold is tolerated and counted, and what cannot be read is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from komainu.context import Context
from komainu.errors import UsageError
from komainu.eval.bench.rp_bench.bench import CRITERIA
from komainu.eval.board import Board, Entry
from komainu.eval.imported.play import ImportedPlay, play
from komainu.eval.imported.played import ImportedTalks
from komainu.eval.imported.talks import found_in
from komainu.rows import Chat, Score
from komainu.stage import wiring
from tests.core_fakes import context

JUDGES = ("kind", "strict")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    found_in.cache_clear()


def marked(judge: str, mark: Any, **more: Any) -> dict[str, Any]:
    return {"judge_model_name": judge, "Evaluation Reason": f"{judge} says", **dict.fromkeys(CRITERIA, mark), **more}


def row(id: int, *evaluations: dict[str, Any] | None, model: str = "m", **more: Any) -> dict[str, Any]:
    talk = [f"始まり{id}", f"{model}の返事", "続き", f"{model}の{id}番の結び"]
    return {
        "id": id,
        "target_model_name": model,
        "user_model_name": "user",
        "judge_model_names": [*JUDGES],
        "conversation_history": talk,
        "individual_evaluations": [*evaluations] or [marked("kind", 5), marked("strict", 3)],
        **more,
    }


def write(path: Path, *rows: Any) -> Path:
    path.write_text("".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in rows))
    return path


def built(store: Path, *paths: Path, judges: tuple[str, ...] = ()) -> tuple[Context, ImportedPlay, dict[str, Any]]:
    found_in.cache_clear()
    ctx, target = context(store), play(paths, judges)
    artifact = ctx.store.build(target, ctx)
    return ctx, target, {**artifact.summary, **json.loads((artifact.path / "import.json").read_bytes())}


def test_a_talk_is_the_answer_and_a_verdict_the_mean_of_its_criteria(tmp_path: Path) -> None:
    uneven = marked("strict", 3, Creativity=1)
    ctx, target, found = built(tmp_path / "s", write(tmp_path / "a.jsonl", row(0, marked("kind", 5), uneven), row(1)))
    (line,) = found["panel"]
    assert line["judges"] == ["kind", "strict"] and line["n"] == 4 and line["missing"] == 0
    assert line["mean"] == pytest.approx((5 + 2.75 + 5 + 3) / 4) and line["criteria"]["Creativity"] == 3.5
    (scores,) = target.panel
    talk, _ = (chat for chat in ctx.open(scores.answers).rows() if isinstance(chat, Chat))
    assert [m.role for m in talk.messages] == ["user", "assistant"] * 2 and talk.reply == "mの0番の結び"
    why = {s.why for s in ctx.open(scores).rows() if isinstance(s, Score) and s.by == "strict" and s.id == talk.id}
    assert why == {"strict says\na.jsonl:1"}


def test_what_the_files_hold_is_tolerated_and_counted(tmp_path: Path) -> None:
    odd = [
        row(0, marked("kind", 4), None, {"Creativity": 3}, marked("kind", 1)),  # nothing of the other judge
        row(1, marked("kind", 4), marked("strict", None)),
        row(2, marked("kind", 4), marked("strict", 3, Consistency="three")),
        row(3, marked("kind", 4), marked("strict", 3, Consistency=3.5, Creativity=6)),
        row(4, human_scores={"Creativity": 5}),
        row(4),
        "",
    ]
    others = [row(id, model="n") for id in range(6)]
    ctx, target, found = built(tmp_path / "s", write(tmp_path / "a.jsonl", *odd, *others))
    assert found["tolerated"] == {
        "evaluations without a judge": 2,
        "items without a talk": 1,
        "rows that repeat a talk": 1,
        "scores of people, left aside": 1,
        "second evaluations of a judge": 1,
        "talks a judge lacks": 1,
    }
    assert found["missing"] == {"kind": {"rp_bench": [1, 12]}, "strict": {"rp_bench": [5, 12]}}
    of = next(scores for scores in target.panel if scores.answers.model.name == "m")
    strict = [s for s in ctx.open(of).rows() if isinstance(s, Score) and s.by == "strict" and s.metric == "total"]
    assert [s.value for s in strict] == [None, None, None, None, 3.0, None]
    told = [s.why for s in strict]
    assert told[0] == "missing: no row (a.jsonl:1)" and "lacking: Roleplay Adherence" in told[1]
    assert "not a number: Consistency" in told[2] and "(a.jsonl:3)" in told[2]
    assert "not whole: Consistency 3.5" in told[3] and "out of range: 6" in told[3]
    line = next(line for line in found["panel"] if line["model"] == "m")
    assert line["worst"] < line["mean"] < line["best"] and line["criteria"]["Expressiveness"] is not None


def test_a_board_takes_models_of_files_that_were_imported_apart_and_withholds_what_lacks_verdicts(
    tmp_path: Path,
) -> None:
    whole = [built(tmp_path / "s", write(tmp_path / f"{m}.jsonl", *(row(i, model=m) for i in range(9)))) for m in "ab"]
    one, two = (target.panel[0] for _, target, _ in whole)
    assert one.answers.items.id == two.answers.items.id
    board = Board(entries=(Entry(name="a", scores=(one,)), Entry(name="b", scores=(two,))))
    assert [*wiring(board)] == []
    ctx, target, _ = built(tmp_path / "s", write(tmp_path / "c.jsonl", row(0, marked("kind", 4)), row(1)))
    lacking = Board(entries=(Entry(name="c", scores=target.panel),))
    assert "incomplete" in ctx.store.build(lacking, ctx).summary
    assert isinstance(two.answers, ImportedTalks)
    other = replace(two, answers=replace(two.answers, user="another"))
    mixed = replace(board, entries=(board.entries[0], Entry(name="b", scores=(other,))))
    assert any("asked otherwise" in problem for _, problem in wiring(mixed))


def test_a_second_import_builds_nothing_wherever_the_files_lie(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", row(0), row(1))
    ctx, target, _ = built(tmp_path / "s", path)
    before = {artifact.ref for artifact in ctx.store.ls()}
    (tmp_path / "moved").mkdir()
    path = path.rename(tmp_path / "moved" / "a.jsonl")
    _, again, _ = built(tmp_path / "s", path)
    assert again.id == target.id and {artifact.ref for artifact in ctx.store.ls()} == before
    assert play([path, path]).id == target.id


def test_judges_that_are_not_of_the_panel_stand_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", row(0), row(1))
    _, _, found = built(tmp_path / "s", path, judges=("strict",))
    assert [line["judges"] for part in ("panel", "alone") for line in found[part]] == [["strict"], ["kind"]]
    with pytest.raises(UsageError, match=r"a\.jsonl: no judge 'strickt'; did you mean 'strict'"):
        play([path], ["strickt"])
    (scores,) = play([path]).panel
    wrong = replace(scores, judges=("nobody",))
    assert [p for _, p in wiring(wrong)] == ["ImportedScores.judges has 'nobody', who did not judge m on rp_bench"]


WRONG: list[tuple[Any, str]] = [
    ("[1]", r"a\.jsonl:2: "),
    ({"id": 1}, r"a\.jsonl:2: no evaluated talk: .*required field"),
    (
        row(1, conversation_history=["one"]),
        r"a\.jsonl:2: conversation_history has 1 turns; a talk begins with the user",
    ),
    (row(1, conversation_history=[]), r"a\.jsonl:2: conversation_history has 0 turns"),
    (row(0, model="n", conversation_history=["x", "y"]), r"a\.jsonl:2: the talk 0 begins otherwise than on a\.jsonl:1"),
    (row(1, user_model_name="guest"), r"m has talks with several simulated users \('guest', 'user'\)"),
]


@pytest.mark.parametrize(("second", "said"), WRONG)
def test_what_is_no_evaluation_is_refused_with_its_line(tmp_path: Path, second: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        play([write(tmp_path / "a.jsonl", row(0), second)])
    with pytest.raises(UsageError, match="no such file"):
        play([tmp_path / "nothing.jsonl"])


def test_a_file_that_changes_between_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", row(0))
    target = play([path])
    write(path, row(0, marked("kind", 1)))
    ctx = context(tmp_path / "s")
    with pytest.raises(UsageError, match=r"a\.jsonl has changed since it was looked at"):
        ctx.store.build(target, ctx)


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=6), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys([*row(0), "human_scores"], JSON)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
def test_whatever_a_row_holds_it_is_read_or_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    path = write(tmp_path / "a.jsonl", {**row(0), **changed})
    try:
        (scores,) = play([path]).panel or (None,)
    except UsageError as error:
        assert "a.jsonl" in str(error)
    else:
        assert scores is None or scores.answers.items.id
