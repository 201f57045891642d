"""Files of scores: what they may look like, and where what is wrong is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from komainu.errors import UsageError
from komainu.eval.panel.kin import Kin, read_kin
from komainu.eval.panel.marks import Mark, gold_of, sheet
from komainu.eval.panel.position import Duel
from komainu.eval.panel.reading import Read, read
from tests.eval.reference import FIXTURES, needs_fixtures

ROW = {"model": "m", "item": 3, "judge": "j", "score": 4}
GARBAGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5), st.lists, max_leaves=3
)
FIELDS = ("model", "item", "judge", "score", "gold", "winner", "first", "second", "length", "top", "human_scores", "id")


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_json_lines_and_csv_say_the_same(tmp_path: Path) -> None:
    beside = {"bench": "b", "length": 12, "top": 5, "gold": 3.5}
    found = read(lines(tmp_path / "a.jsonl", ROW | beside, ROW | beside | {"judge": "k", "score": None}))
    (tmp_path / "a.csv").write_text(
        "model,item,judge,score,bench,length,top,gold\nm,3,j,4,b,12,5,3.5\nm,3,k,,b,12,5,3.5\n"
    )
    same = read(tmp_path / "a.csv")
    assert [m._replace(at="") for m in found.marks] == [m._replace(at="") for m in same.marks]
    assert found.marks[0] == Mark("m", "3", "j", 4.0, bench="b", length=12, top=5.0, at=f"{tmp_path}/a.jsonl:1")
    table = sheet(found.marks)
    assert table.judges == ("j", "k", "gold") and gold_of(table, "") == "gold"
    assert table.of("gold").tolist() == [3.5] and np.isnan(table.of("k")).all() and table.asked.all()


def test_duels_are_told_by_their_winner(tmp_path: Path) -> None:
    row = {"item": "i", "judge": "j", "first": "a", "second": "b"}
    found = read(lines(tmp_path / "a.jsonl", row | {"winner": "tie"}, row | {"winner": None}))
    assert found == Read([], [Duel("i", "j", "a", "b", "tie"), Duel("i", "j", "a", "b", None)])


@needs_fixtures
def test_the_published_dialogues_are_read_by_criterion() -> None:
    found = read(Path(FIXTURES, "rp_bench", "annotated_sample_50_human.jsonl")).marks
    assert len(found) == 50 * 5 * 8 and {mark.top for mark in found} == {5.0}
    assert len({mark.metric for mark in found}) == 8 and sum(mark.judge == "people" for mark in found) == 400
    one = sheet(found, "Consistency")
    assert {*one.of("people")} <= {1, 2, 3, 4, 5} and (one.lengths > 100).all()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({k: v for k, v in ROW.items() if k != "judge"}, "1: the row has no `judge`"),
    ({k: v for k, v in ROW.items() if k != "score"}, "1: the row has no `score`"),
    (ROW | {"score": "four"}, "1: score is 'four'; it must be a number"),
    (ROW | {"score": True}, "1: score is True"),
    (ROW | {"score": "inf"}, "1: score is 'inf'"),
    (ROW | {"item": " "}, "1: the row has no `item`"),
    (ROW | {"first": "a", "second": "a", "winner": "tie"}, "1: 'a' is compared with itself"),
    (ROW | {"first": "a", "second": "b", "winner": "a"}, "1: winner is 'a'; it must be first, second, tie"),
]


@pytest.mark.parametrize(("row", "said"), WRONG)
def test_a_row_that_is_wrong_is_told_with_its_line(tmp_path: Path, row: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=f"a.jsonl:{said}"):
        read(lines(tmp_path / "a.jsonl", row))


def test_two_golds_of_an_answer_or_two_scores_of_a_judge_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a.jsonl:2: the gold of this answer is 4, but on .*:1 another"):
        read(lines(tmp_path / "a.jsonl", ROW | {"gold": 3}, ROW | {"judge": "k", "gold": 4}))
    with pytest.raises(UsageError, match=r"a.jsonl:2: j has scored '3' of m before"):
        sheet(read(lines(tmp_path / "a.jsonl", ROW, ROW)).marks)
    assert len(sheet(read(lines(tmp_path / "a.jsonl", ROW, ROW | {"sample": 2})).marks).answers) == 2


def test_an_answer_that_lacks_a_metric_has_no_score_of_that_judge(tmp_path: Path) -> None:
    rows = [ROW | {"metric": name, "judge": judge} for judge in "jk" for name in ("tact", "wit")]
    table = sheet(read(lines(tmp_path / "a.jsonl", *rows[:3])).marks)
    assert table.of("j").tolist() == [4.0] and np.isnan(table.of("k")).all()
    assert sheet(read(lines(tmp_path / "a.jsonl", *rows[:3])).marks, "tact").of("k").tolist() == [4.0]
    with pytest.raises(UsageError, match="no scores of the metric 'tacd'; did you mean 'tact'"):
        sheet(read(lines(tmp_path / "a.jsonl", *rows)).marks, "tacd")


@pytest.mark.parametrize("text", ["model,item\nm,3,x\n", "model,item\nm\n", "model,item\n", 'model,item\n"m\n', "\xff"])
def test_a_broken_csv_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=r"a\.csv"):
        read(tmp_path / "a.csv")


def test_kin_need_a_model_and_something_of_it(tmp_path: Path) -> None:
    (tmp_path / "kin.csv").write_text("model,teacher,family\nQwen/*,,qwen\nathene,athene,\n")
    assert read_kin(tmp_path / "kin.csv") == (Kin("Qwen/*", "qwen", ""), Kin("athene", "", "athene"))
    with pytest.raises(UsageError, match=r"kin.csv:2: a row needs `model`"):
        (tmp_path / "kin.csv").write_text("model,teacher\nx,\n")
        read_kin(tmp_path / "kin.csv")


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), GARBAGE), min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    try:
        found = read(lines(tmp_path / "a.jsonl", *rows))
        assert found.marks or found.duels
    except UsageError as error:
        assert "a.jsonl:" in str(error)
