from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.errors import UsageError
from komainu.eval.bench.llm_jp_eval import items as module
from komainu.eval.bench.llm_jp_eval.datasets import CATEGORIES, DATASETS, of_category
from komainu.eval.bench.llm_jp_eval.prompt import counted, prompt
from komainu.eval.bench.llm_jp_eval.schema import Sample, asserts, read
from komainu.eval.items import Source
from tests.eval.llm_jp_world import folder, items, prepared, write
from tests.eval.world import context


def test_the_map_is_that_of_1_4_1() -> None:
    assert CATEGORIES == ("NLI", "QA", "RC", "MC", "EL", "FA", "MR", "MT", "HE", "CG", "SUM")
    assert [len(of_category(c)) for c in CATEGORIES] == [5, 3, 1, 3, 1, 5, 1, 4, 2, 1, 1]
    assert len(DATASETS) == 28 and DATASETS["jsts"].category == "STS"
    by_metric = {d.metric: {x.name for x in DATASETS.values() if x.metric == d.metric} for d in DATASETS.values()}
    assert by_metric["char_f1"] == {"jemhopqa", "niilc", "aio", "jsquad", "wiki_reading"}
    assert by_metric["set_f1"] == {"chabsa", "wiki_ner", "wiki_dependency", "wiki_pas", "wiki_coreference"}
    assert {d.name for d in DATASETS.values() if not d.shots} == {"mbpp", "xlsum_ja"}
    assert {d.name for d in DATASETS.values() if d.lang == "en"} == {"alt-j-to-e", "wikicorpus-j-to-e", "mmlu_en"}
    assert len({d.dev_sha256 for d in DATASETS.values()}) == 28


def test_the_prompt_is_one_user_turn_of_task_examples_and_input(tmp_path: Path) -> None:
    chat = items(folder(tmp_path, "jnli"), shots=2).rows()[1]
    (message,) = chat.messages
    intro = "以下は、タスクを説明する指示と、文脈のある入力の組み合わせです。要求を適切に満たす応答を書きなさい。"
    examples = "\n\n### 入力:\nin 0\n\n### 応答:\nout 0\n\n### 入力:\nin 1\n\n### 応答:\nout 1"
    assert message.content == f"{intro}\n\n### 指示:\ndo jnli{examples}\n\n### 入力:\nin 1\n\n### 応答:\n"
    assert chat.id == "llm-jp-eval-jnli-1" and message.role == "user"
    assert chat.meta == {
        "bench": "llm_jp_eval",
        "dataset": "jnli",
        "lang": "ja",
        "output_length": 9,
        "source": "llm-jp-eval/jnli",
        "licence": "CC-BY-SA-4.0",
        "input": "in 1",
        "gold": "out 1",
    }


def test_braces_in_a_text_stay() -> None:
    asked = prompt("{a}", [Sample("{input}", "{output}")], "{z}")
    assert all(text in asked for text in ("{a}", "{input}", "{output}", "{z}"))


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (" B \n\nbecause", "B"),
        ("\n\n B", "B"),
        ("Ａ\nＢ\n\nC", "A\nB"),
        ("<think>a\n\nb</think>\n\n２", "2"),
        ("a \n \n b", "a \n \n b"),
        ("ﾊﾞ", "バ"),
    ],
)
def test_an_answer_counts_up_to_the_first_blank_line_and_is_normalised(answer: str, kept: str) -> None:
    assert counted(answer) == kept


def test_examples_come_from_train_or_else_from_the_file(tmp_path: Path) -> None:
    own = [{"input": f"own {i}", "output": "o"} for i in range(4)]
    write(tmp_path, "test", "jnli", few_shots=own)
    assert "own 3" in items(tmp_path).rows()[0].messages[0].content
    write(tmp_path, "train", "jnli", 6)
    asked = items(tmp_path).rows()[0].messages[0].content
    assert "own" not in asked and asked.count("### 応答:") == 5 and "out 4" not in asked
    write(tmp_path, "train", "jnli", 3)
    with pytest.raises(UsageError, match=r"train/jnli\.json: 3 examples for the 4"):
        items(tmp_path).rows()


def test_no_examples_are_asked_for_where_the_benchmark_has_none(tmp_path: Path) -> None:
    write(tmp_path, "test", "mbpp")
    write(tmp_path, "test", "xlsum_ja")
    assert all(row.messages[0].content.count("### 応答:") == 1 for row in items(tmp_path).rows())
    write(tmp_path, "test", "jnli")
    assert len(items(tmp_path, shots=0).rows()) == 9


def test_first_takes_the_first_of_each_dataset(tmp_path: Path) -> None:
    rows = items(folder(tmp_path, "jnli", "aio", n=5), first=2).rows()
    assert [row.id for row in rows] == [f"llm-jp-eval-{name}-{i}" for name in ("jnli", "aio") for i in range(2)]


def test_the_summary_tells_what_is_there_and_what_is_not(tmp_path: Path) -> None:
    write(folder(tmp_path / "data", "jnli", "jsts"), "test", "mgsm")
    ctx = context(tmp_path / "store", lambda *_: "")
    summary = ctx.store.build(items(tmp_path / "data"), ctx).summary
    assert summary["datasets"] == {"jnli": 3, "jsts": 3} and summary["left_out"] == ["mgsm.json"]
    assert len(summary["absent"]) == 26 and "as_published" not in summary


def test_a_published_dev_file_is_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("jnli", "aio"):
        path = write(folder(tmp_path / "data", name), "dev", name)
    right = DATASETS["aio"]._replace(dev_sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setitem(DATASETS, "aio", right)
    ctx = context(tmp_path / "store", lambda *_: "")
    assert ctx.store.build(items(tmp_path / "data", split="dev"), ctx).summary["as_published"] == ["aio"]
    assert not module.published(tmp_path / "data" / "dev" / "jnli.json", DATASETS["jnli"])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"samples": [{"input": "a", "output": 3}]}, r"Expected `str`, got `int` - at `\$.samples\[0\].output`"),
        ({"samples": [{"input": "a"}]}, r"missing required field `output` - at `\$.samples\[0\]`"),
        ({"answer_pattern_id": "choice"}, "unknown field `answer_pattern_id`"),
        ({"samples": []}, "samples is empty"),
        ({"output_length": 0}, "output_length is 0"),
        ({"metrics": ["char_f1"]}, "metrics is char_f1, but exact_match counts for jnli"),
        ({"metrics": []}, "metrics is empty"),
    ],
)
def test_a_file_of_another_schema_is_refused_with_its_place(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    write(folder(tmp_path, "jnli"), "test", "jnli", **changed)
    with pytest.raises(UsageError, match=rf"test/jnli\.json: .*{said}"):
        items(tmp_path).rows()


def test_tests_of_code_must_assert_something(tmp_path: Path) -> None:
    bad = prepared("mbpp")["samples"] + [{"input": "x", "output": "def f(x): return x"}]
    path = write(tmp_path, "test", "mbpp", samples=bad)
    with pytest.raises(UsageError, match=r"mbpp\.json: samples\[3\]\.output holds no assert"):
        read(path, DATASETS["mbpp"])
    assert asserts("import math\nassert f(1)\n") and not asserts("assert f(") and not asserts("if x:\n  assert y")


def test_wiring_is_checked_before_anything_is_read(tmp_path: Path) -> None:
    good = items(folder(tmp_path, "jnli"))
    assert [*good.check()] == []
    said = [*items(tmp_path, split="train", datasets=("jnly",), shots=-1, first=-2).check()]
    assert [s.split(";")[0] for s in said] == [
        "LlmJpEvalItems.split is 'train'",
        "LlmJpEvalItems.datasets: there is no dataset 'jnly'",
        "LlmJpEvalItems.shots is -1",
        "LlmJpEvalItems.first is -2",
    ]
    hub = replace(good, source=Source(repo="a/b", revision="0" * 40))
    assert "on no hub" in next(hub.check())
    with pytest.raises(UsageError, match=r"test/aio\.json: no such file"):
        items(tmp_path, datasets=("jnli", "aio")).rows()
    with pytest.raises(UsageError, match="dev: no such file"):
        items(tmp_path, split="dev").rows()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(key=st.sampled_from([*prepared("jnli")]), value=JSON)
def test_any_file_is_read_or_refused_by_its_path(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: object
) -> None:
    path = tmp_path_factory.mktemp("x") / "jnli.json"
    path.write_text(json.dumps(prepared("jnli") | {key: value}), encoding="utf-8")
    try:
        found = read(path, DATASETS["jnli"])
    except UsageError as error:
        assert str(error).startswith(str(path))
    else:
        assert found.samples and "exact_match" in found.metrics


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_by_their_path(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("x") / "jnli.json"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"jnli\.json: "):
        read(path, DATASETS["jnli"])
