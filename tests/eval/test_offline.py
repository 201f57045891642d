"""Answers made elsewhere: matched with their items or refused with file and line, scored as the reference does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.errors import UsageError
from komainu.eval.offline import Index, score
from komainu.eval.shelf import Shelf
from komainu.eval.suites import benchmarks
from komainu.rows import Chat, Message
from tests.eval import llm_jp_world as llm_jp

COMMA, SHOUT = "punctuation:no_comma", "change_case:english_capital"
LOUD = "THIS IS A GOOD ANSWER IN PLAIN ENGLISH"
ITEMS = (
    {"key": 7, "prompt": "Say hello without a comma.", "instruction_id_list": [COMMA], "kwargs": [{}]},
    {"key": 8, "prompt": "Shout, no commas.", "instruction_id_list": [COMMA, SHOUT], "kwargs": [{}, {}]},
    {"key": 9, "prompt": "Twice", "instruction_id_list": [COMMA], "kwargs": [{}]},
    {"key": 10, "prompt": "Twice", "instruction_id_list": [COMMA], "kwargs": [{}]},
)


def lines(path: Path, rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def scored(folder: Path, *rows: dict[str, Any], items: Any = ITEMS, bench: str = "ifeval") -> dict[str, Any]:
    shelf = Shelf(given=lines(folder / "items.jsonl", items))
    return score(lines(folder / "answers.jsonl", rows), benchmarks()[bench], shelf)


def test_the_verdicts_stand_in_the_order_of_the_file_under_the_ids_it_gives(tmp_path: Path) -> None:
    found = scored(
        tmp_path,
        {"prompt": " Shout, no commas.\n", "response": "this is NOT loud"},
        {"id": "ifeval-10", "response": "a, b"},
        {"key": 7, "response": None},
        {"id": 9, "response": "<think>a, b</think>yes"},
    )
    assert found["items"] == [
        {"id": "ifeval-8", "strict": [True, False], "loose": [True, False]},
        {"id": "ifeval-10", "strict": [False], "loose": [False]},
        {"id": "ifeval-7", "strict": [None], "loose": [None]},
        {"id": 9, "strict": [True], "loose": [True]},
    ]
    assert found["source"] == [str(tmp_path / "items.jsonl")]
    assert [*found["habits"]] == ["en"] and next(iter(found["habits"]["en"])) == "leakage"
    assert found["habits"]["en"]["empty"]["mean"] == 0 and found["habits"]["en"]["empty"]["missing"] == 1


def test_what_has_no_row_is_missing_in_the_totals(tmp_path: Path) -> None:
    found = scored(tmp_path, {"id": "ifeval-8", "response": LOUD})["totals"]
    counted = {metric: (each["mean"], each["n"], each["missing"]) for metric, each in found.items()}
    assert counted == {
        "prompt_strict": (1.0, 1, 3),
        "instruction_strict": (1.0, 2, 3),
        "prompt_loose": (1.0, 1, 3),
        "instruction_loose": (1.0, 2, 3),
    }
    assert 0 < found["prompt_strict"]["low"] < 1 == found["prompt_strict"]["high"]
    assert found["prompt_strict"]["reasons"] == {"missing": 3}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"id": "ifeval-7"}], "answers.jsonl:1: the row has no `response`"),
        ([{"id": 7, "response": 3}], "answers.jsonl:1: response is 3; it must be a text"),
        ([{"response": "a"}], "answers.jsonl:1: the row names no item"),
        ([{"id": 7, "response": "a"}, {"id": 70, "response": "a"}], "answers.jsonl:2: no item has id '70'"),
        ([{"prompt": "Say hello", "response": "a"}], "answers.jsonl:1: no item has prompt 'Say hello'"),
        ([{"prompt": "Twice", "response": "a"}], "it fits 2 items, ifeval-10, ifeval-9 among them; say which by `id`"),
        (
            [{"id": 7, "response": "a"}, {"prompt": ITEMS[0]["prompt"], "response": "a"}],
            "answers.jsonl:2: the item ifeval-7 is answered on line 1 too",
        ),
        (
            [{"id": 7, "prompt": ITEMS[1]["prompt"], "response": "a"}],
            "does not agree with itself: by its id ifeval-7, by its prompt ifeval-8",
        ),
        ([{"id": 7, "prompt": "another", "response": "a"}], "by its id ifeval-7, by its prompt no item"),
        (
            [{"id": 7, "temperature": "hot", "response": "a"}],
            "answers.jsonl:1: temperature is 'hot'; it must be a number, or null",
        ),
        ([{"id": 7, "sample": [1], "response": "a"}], "answers.jsonl:1: sample is [1]; it must be a number, or null"),
        ([{"id": 7, "sample": True, "response": "a"}], "answers.jsonl:1: sample is True; it must be a number, or null"),
        (
            [{"id": 7, "temperature": t, "response": "a"} for t in (1, 1.0)],
            "answers.jsonl:2: the item ifeval-7 is answered on line 1 too",
        ),
        (
            [{"id": 7, "sample": None, "response": "a"}, {"id": 7, "response": "a"}],
            "answers.jsonl:2: the item ifeval-7 is answered on line 1 too",
        ),
    ],
)
def test_a_row_that_is_no_one_items_answer_is_refused_with_its_line(
    tmp_path: Path, rows: list[dict[str, Any]], said: str
) -> None:
    with pytest.raises(UsageError) as error:
        scored(tmp_path, *rows)
    assert said in str(error.value)


def test_an_id_of_the_rows_own_is_passed_over_beside_a_prompt(tmp_path: Path) -> None:
    found = scored(tmp_path, {"id": "mine-1", "prompt": ITEMS[1]["prompt"], "response": LOUD})
    assert found["items"] == [{"id": "mine-1", "strict": [True, True], "loose": [True, True]}]
    twice = scored(tmp_path, {"id": 9, "prompt": "Twice", "response": "a, b"})
    assert twice["items"] == [{"id": 9, "strict": [False], "loose": [False]}]


def test_a_prompt_may_be_the_sets_own_text_that_is_asked_among_instructions(tmp_path: Path) -> None:
    own = [{"task_id": f"HumanEval/{n}", "prompt": f"\ndef f{n}(x):\n    ..."} for n in range(2)]
    asked = (f"Solve this.\n```python\n{each['prompt'].strip()}\n```" for each in own)
    chats = (Chat(each["task_id"], (Message("user", text),)) for each, text in zip(own, asked, strict=True))
    index = Index({item.id: item for item in chats})
    assert [index.find({"prompt": each["prompt"]}).id for each in own] == [each["task_id"] for each in own]
    with pytest.raises(UsageError, match="it fits 2 items, HumanEval/0, HumanEval/1 among them"):
        index.find({"prompt": "Solve this."})
    for other in ("def f1(x)", "", "\n"):
        with pytest.raises(UsageError, match="no item has prompt"):
            index.find({"prompt": other})


def test_what_programs_change_of_a_prompt_and_of_an_id_does_no_harm(tmp_path: Path) -> None:
    long = {**ITEMS[0], "prompt": "Say hello\nwithout a comma.\n\nAgain."}
    for prompt in ("Say hello\r\nwithout a comma.\r\n\r\nAgain.\r\n", "Say hello\rwithout a comma.\r\rAgain."):
        found = scored(tmp_path, {"prompt": prompt, "response": "a, b"}, items=(long,))
        assert found["items"] == [{"id": "ifeval-7", "strict": [False], "loose": [False]}]
    for id in (7.0, " 7 ", "ifeval-7\n"):
        found = scored(tmp_path, {"id": id, "response": "a, b"})
        assert found["items"] == [{"id": id, "strict": [False], "loose": [False]}]


def test_several_answers_to_an_item_are_numbered(tmp_path: Path) -> None:
    found = scored(
        tmp_path, *({"id": 8, "sample": n, "response": text} for n, text in enumerate([LOUD, "this is not so loud"]))
    )
    assert [each["strict"] for each in found["items"]] == [[True, True], [True, False]]
    assert found["totals"]["prompt_strict"]["mean"] == 0.5 and found["totals"]["prompt_strict"]["items"] == 1


def test_rows_that_carry_their_items_need_none(tmp_path: Path) -> None:
    own = [
        {"prompt": "Shout", "instruction_id_list": [SHOUT], "kwargs": [{}], "response": text}
        for text in (LOUD, "this is not so loud")
    ]
    own[1] |= {"id": "second", "prompt": "Shout again"}
    found = score(lines(tmp_path / "mine.jsonl", own), benchmarks()["ifeval"], Shelf())
    assert [(each["id"], each["strict"]) for each in found["items"]] == [("ifeval-1", [True]), ("second", [False])]
    assert found["totals"]["prompt_strict"]["missing"] == 0 and found["source"] == [str(tmp_path / "mine.jsonl")]
    own[1]["kwargs"] = [{"wrong": 1}]
    with pytest.raises(UsageError, match=r"mine\.jsonl:2: .*takes no 'wrong'"):
        score(lines(tmp_path / "mine.jsonl", own), benchmarks()["ifeval"], Shelf())


def test_jp_ifeval_has_a_verdict_an_instruction_though_it_counts_prompts(tmp_path: Path) -> None:
    keys = [f"hiragana_only-{n}" for n in (1, 2, 3)]
    rows = [{"id": key, "response": text} for key, text in zip(keys, ("ねこ。", None, "cat"), strict=True)]
    found = score(lines(tmp_path / "a.jsonl", rows), benchmarks()["jp-ifeval"], Shelf())
    first, second, third = found["items"]
    assert (first["id"], first["strict"]) == (keys[0], [True, False]) and third["strict"] == [False] * len(
        third["loose"]
    )
    assert {*second["strict"], *second["loose"]} == {None} and found["source"] == ["the package"]
    assert (found["totals"]["strict"]["n"], found["totals"]["strict"]["mean"]) == (2, 0)


def test_answers_at_several_temperatures_are_told_apart(tmp_path: Path) -> None:
    rows = [{"key": "hiragana_only-1", "temperature": t, "response": "ねこ。" * 12} for t in (0, 0.5)]
    found = score(lines(tmp_path / "a.jsonl", rows), benchmarks()["jp-ifeval"], Shelf())
    assert found["totals"]["strict"]["n"] == 2 and found["totals"]["strict"]["items"] == 1
    assert {t: each["n"] for t, each in found["overall"]["by_temperature"].items()} == {"0": 1, "0.5": 1}


def test_an_item_without_an_answer_at_one_of_the_temperatures_is_missing_there(tmp_path: Path) -> None:
    def counted(*asked: tuple[int, float]) -> dict[str, tuple[int, int]]:
        rows = ({"key": f"hiragana_only-{i}", "temperature": t, "response": "ねこ"} for i, t in asked)
        found = score(lines(tmp_path / "answers.jsonl", rows), benchmarks()["jp-ifeval"], Shelf())
        told = {"all": found["totals"]["strict"], **found["overall"]["by_temperature"]}
        return {name: (each["n"], each["missing"]) for name, each in told.items()}

    assert counted((1, 0), (1, 0.5), (2, 0.5)) == {"all": (3, 535), "0": (1, 268), "0.5": (2, 267)}
    assert counted((1, 0), (2, 0.5)) == {"all": (2, 267), "0": (1, 0), "0.5": (1, 0)}


def test_the_totals_of_several_benches_are_by_their_names_and_each_is_of_its_own_items(tmp_path: Path) -> None:
    llm_jp.folder(tmp_path / "sets", "jnli", "jsts", "mawps", n=2)
    rows = [{"id": f"llm-jp-eval-{name}-{n}", "response": "2.5"} for name in ("jsts", "jnli") for n in (0, 1)]
    answers = lines(tmp_path / "a.jsonl", rows)
    found = score(answers, benchmarks()["llm-jp-eval"], Shelf((tmp_path / "sets",)))
    assert found["items"][0] == {"id": "llm-jp-eval-jsts-0", "closeness": 1.0}
    assert found["items"][2] == {"id": "llm-jp-eval-jnli-0", "score": 0.0}
    counted = {bench: [*map(numbers, some.items())] for bench, some in found["totals"].items()}
    assert counted == {"llm_jp_eval": [("score", 2, 2)], "llm_jp_eval_sts": [("closeness", 2, 0)]}
    assert {*found["by"]["llm_jp_eval"]} == {"jnli", "mawps"} and {*found["overall"]} == {*counted}


def numbers(metric: tuple[str, dict[str, Any]]) -> tuple[str, int, int]:
    return metric[0], metric[1]["n"], metric[1]["missing"]


VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 12)
    | st.text("ab7, \ud800", max_size=4)
    | st.lists(st.integers(), max_size=2)
)
ROWS = st.dictionaries(st.sampled_from(["id", "key", "prompt", "response", "sample", "kwargs"]), VALUES)


@given(st.lists(ROWS | st.sampled_from(ITEMS), min_size=1, max_size=3))
def test_any_rows_are_scored_or_refused_with_their_line(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    try:
        assert len(scored(folder, *rows)["items"]) == len(rows)
    except UsageError as error:
        assert str(error).startswith(f"{folder / 'answers.jsonl'}:")
