from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.errors import UsageError
from komainu.eval.bench.llm_jp_eval.bench import LlmJpEval
from komainu.eval.bench.llm_jp_eval.raw import JGLUE, jglue, jmmlu, subject
from komainu.eval.ruling import scored
from tests.eval.llm_jp_world import items, right
from tests.eval.reference import FIXTURES, needs_fixtures

NLI = {"sentence1": "雨だ。", "sentence2": "晴れだ。", "label": "contradiction"}
ROWS = {"jcommonsenseqa": 1119, "jnli": 2434, "jsts": 1457}


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def samples(out: Path, split: str, name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((out / split / f"{name}.json").read_text(encoding="utf-8"))["samples"]
    return found


def test_rows_of_jglue_become_samples(tmp_path: Path) -> None:
    train = lines(tmp_path / "train.jsonl", *({**NLI, "sentence1": f"雨{i}"} for i in range(20)))
    out = tmp_path / "evaluation"
    assert jglue("jnli", valid=lines(tmp_path / "valid.jsonl", NLI), train=train, out=out) == {
        "test": 1,
        "train": 18,
        "dev": 2,
    }
    assert samples(out, "test", "jnli") == [{"input": "前提：雨だ。\n仮説：晴れだ。", "output": "contradiction"}]
    order = [*range(20)]
    random.seed(42)
    random.shuffle(order)  # as upstream does it
    known = samples(out, "train", "jnli") + samples(out, "dev", "jnli")
    assert [row["input"] for row in known] == [f"前提：雨{i}\n仮説：晴れだ。" for i in order]


def test_what_is_not_a_row_of_the_set_is_named(tmp_path: Path) -> None:
    bad = lines(tmp_path / "valid.jsonl", NLI, {"sentence1": "a", "label": "neutral"})
    with pytest.raises(UsageError, match=r"valid\.jsonl:2: the row has no 'sentence2'"):
        jglue("jnli", valid=bad, train=None, out=tmp_path)
    with pytest.raises(UsageError, match="no converter for 'jnly'; did you mean 'jnli'"):
        jglue("jnly", valid=bad, train=None, out=tmp_path)
    with pytest.raises(UsageError, match="no CSV file"):
        jmmlu(tmp_path, out=tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("q,1,2,3,4,A\nq,1,2,3,B\n", ":2: a row is a question.*5 cells"),
        ("q,1,2,3,4,E\n", ":1: .*ends with 'E'"),
        ('q,1,2,3,4,A\n"q,1,2\n', ":2: unexpected end of data"),
        ("\n", ":1: "),
    ],
)
def test_a_bad_row_of_jmmlu_is_named_with_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "s.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=rf"s\.csv{said}"):
        jmmlu(tmp_path, out=tmp_path / "out")


@given(st.text(alphabet='q,"\nAB \ufeff', max_size=30))
def test_any_csv_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("x") / "s.csv"
    path.write_text(text, encoding="utf-8")
    try:
        rows = [*subject(path)]
    except UsageError as error:
        assert str(error).startswith(f"{path}:")
    else:
        assert all(row["answer"] in "ABCD" and len(row) == 6 for row in rows)


@needs_fixtures
@pytest.mark.parametrize("name", [*JGLUE])
def test_the_real_rows_of_jglue_convert_and_their_gold_is_right(tmp_path: Path, name: str) -> None:
    valid = Path(FIXTURES) / "data" / f"jglue_{name}_valid.jsonl"
    assert jglue(name, valid=valid, train=valid, out=tmp_path)["test"] == ROWS[name]
    rows = items(tmp_path).rows()
    assert len(rows) == ROWS[name] and all(row.messages[0].content.count("### 応答:") == 5 for row in rows)
    if name != "jsts":
        assert all(score.value == 1 for row in rows[:200] for score in scored(LlmJpEval(), right(row)))
        labels = {row.meta["gold"] for row in rows}
        assert labels == {*("01234" if name == "jcommonsenseqa" else ("entailment", "neutral", "contradiction"))}


@needs_fixtures
def test_the_real_rows_of_jmmlu_convert(tmp_path: Path) -> None:
    for file in (Path(FIXTURES) / "data").glob("jmmlu_*.csv"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert jmmlu(tmp_path, out=tmp_path / "out") == {"train": 4, "test": 578}
    rows = items(tmp_path / "out").rows()
    shown = {sample["input"] for sample in samples(tmp_path / "out", "train", "jmmlu")}
    assert len(rows) == 578 and not shown & {row.meta["input"] for row in rows}
    assert {row.meta["gold"] for row in rows} == {*"ABCD"}
    assert "\ufeff" not in "".join(row.meta["input"] for row in rows)
    assert any("\nディスク待ち時間" in row.meta["input"] for row in rows)  # a cell of several lines
