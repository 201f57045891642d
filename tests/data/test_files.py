"""A user's own files: what is read, what it is called, and what is refused before anything is built."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from komainu.context import Context
from komainu.data.files import ChatFile, PairFile
from komainu.errors import UsageError
from komainu.files import read_rows, write_objects, write_rows
from komainu.rows import Chat, Message, Pair
from komainu.stage import wiring
from komainu.store import Store

Json = dict[str, Any]


def chat(*turns: str, **more: Any) -> Json:
    """A ShareGPT object: human and gpt in turn."""
    return {"conversations": [{"from": ("human", "gpt")[i % 2], "value": t} for i, t in enumerate(turns)], **more}


def pair(prompt: str, chosen: str, rejected: str, **more: Any) -> Json:
    return {"prompt": prompt, "chosen": chosen, "rejected": rejected, **more}


def saved(path: Path, *objects: Json) -> str:
    write_objects(path, objects)
    return str(path)


def context(tmp_path: Path) -> Context:
    return Context(Store(tmp_path / "store"), client=None)  # type: ignore[arg-type]


def built(stage: ChatFile | PairFile, tmp_path: Path) -> list[Any]:
    ctx = context(tmp_path)
    return [*ctx.store.build(stage, ctx).rows()]


def test_chats_become_rows_with_source_and_licence(tmp_path: Path) -> None:
    path = saved(tmp_path / "mine.jsonl.zst", chat("やあ", "はい"), chat("a", "b", "c", "d", topic="x"))
    stage = ChatFile(path=path, licence="CC0-1.0")
    first, second = built(stage, tmp_path)
    assert first.messages == (Message("user", "やあ"), Message("assistant", "はい"))
    assert first.id == f"{stage.sha256[:8]}-1"
    assert (first.meta["source"], first.meta["licence"]) == ("mine", "CC0-1.0")
    assert second.meta["extra"] == {"topic": "x"}


def test_pairs_become_rows(tmp_path: Path) -> None:
    path = saved(tmp_path / "mine.json", pair("q", "good", "bad", id="p1"))
    (row,) = built(PairFile(path=path, licence="MIT"), tmp_path)
    assert isinstance(row, Pair)
    assert (row.id, row.prompt, row.chosen, row.rejected) == ("p1", (Message("user", "q"),), "good", "bad")


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.parquet"])
def test_our_own_rows_are_read_as_they_are_but_for_a_licence_they_lack(tmp_path: Path, name: str) -> None:
    row = Chat("a", (Message("user", "q"), Message("assistant", "x", {"w": 1})), {"source": "older", "lang": "en"})
    write_rows(tmp_path / name, [row])
    assert built(ChatFile(path=str(tmp_path / name), licence="MIT"), tmp_path) == [row.with_meta(licence="MIT")]


def test_a_row_keeps_its_own_id_where_it_is_unique(tmp_path: Path) -> None:
    ids = ["a", "b", "a", 7, None, "", True]
    stage = ChatFile(path=saved(tmp_path / "x.jsonl", *(chat("q", "x", id=i) for i in ids)), licence="MIT")
    prefix = stage.sha256[:8]
    assert [r.id for r in built(stage, tmp_path)] == [
        "a",
        "b",
        f"{prefix}-3",
        "7",
        *(f"{prefix}-{i}" for i in (5, 6, 7)),
    ]


def test_identity_is_the_content_and_not_the_place(tmp_path: Path) -> None:
    here = saved(tmp_path / "x.jsonl", chat("q", "x"))
    (tmp_path / "moved").mkdir()
    there = shutil.copy(here, tmp_path / "moved" / "x.jsonl")
    other = saved(tmp_path / "y.jsonl", chat("q", "y"))
    assert ChatFile(path=here, licence="MIT").id == ChatFile(path=str(there), licence="MIT").id
    assert ChatFile(path=here, licence="MIT").id != ChatFile(path=other, licence="MIT").id
    assert ChatFile(path=here, licence="MIT").id != ChatFile(path=here, licence="CC0-1.0").id


def test_a_missing_file_is_no_error_to_name_but_a_problem_to_build(tmp_path: Path) -> None:
    saved(tmp_path / "chats.jsonl", chat("q", "x"))
    stage = ChatFile(path=str(tmp_path / "chat.jsonl"), licence="MIT")
    ((_, problem),) = wiring(stage)
    assert problem == f"{tmp_path / 'chat.jsonl'}: no such file; did you mean 'chats.jsonl'?"
    assert stage.expected(lambda _: None) is None
    with pytest.raises(UsageError, match="no such file; did you mean"):
        stage.run(tmp_path, context(tmp_path))


def test_a_missing_folder_and_a_folder_without_rows_are_said(tmp_path: Path) -> None:
    (only,) = ChatFile(path=str(tmp_path / "no" / "x.jsonl"), licence="MIT").check()
    assert only.endswith(f"x.jsonl: no such file: there is no folder {tmp_path / 'no'}")
    (only,) = ChatFile(path=str(tmp_path), licence="MIT").check()
    assert "this folder holds no rows; known formats are .jsonl" in only


def test_a_file_that_has_changed_under_its_sha256_is_refused(tmp_path: Path) -> None:
    stage = ChatFile(path=saved(tmp_path / "x.jsonl", chat("q", "x")), licence="MIT")
    saved(tmp_path / "x.jsonl", chat("q", "another answer"))
    (problem,) = stage.check()
    assert "x.jsonl has changed: its sha256 is" in problem and problem.endswith(f"the recipe says {stage.sha256}")
    with pytest.raises(UsageError, match="has changed"):
        stage.run(tmp_path, context(tmp_path))


def test_wrong_fields_are_named_with_the_nearest(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.jsonl", chat("q", "x"))
    assert [*ChatFile(path=path, licence="MIT", layout="sharegtp").check()] == [
        "ChatFile.layout is 'sharegtp', which is no layout; did you mean 'sharegpt'?"
    ]
    assert [*ChatFile(path=path, licence="MIT", ends="users").check()] == [
        "ChatFile.ends is 'users'; did you mean 'user'?"
    ]
    assert [*PairFile(path="", licence=" ").check()] == [
        "PairFile.licence is empty; name the licence of the file, it goes into every row",
        "PairFile.path is empty; give the file to read",
    ]
    (tmp_path / "x.csv").write_text("a,b")
    (only,) = ChatFile(path=str(tmp_path / "x.csv"), licence="MIT").check()
    assert "the name tells no known format" in only


SYSTEM = {"from": "system", "value": "s"}
WRONG_CHATS: list[tuple[Json, str]] = [
    (chat("q"), "the last message is of role user; it must be assistant"),
    (chat("q", ""), "message 2 (assistant) is empty"),
    (chat("  ", "x"), "message 1 (user) is empty"),
    (chat(), "there are no messages"),
    ({"conversations": [*chat("q", "x")["conversations"], SYSTEM]}, "message 3 is of role system"),
    ({"conversations": chat("q", "x")["conversations"][1:]}, "message 1 is of role assistant, but at the start"),
    ({"conversations": chat("q", "x", "y")["conversations"][::2]}, "message 2 is of role user, but after user"),
    ({"conversations": [{"from": "humann", "value": "x"}]}, "conversations[0].from is 'humann', which is no role"),
    ({"talk": []}, "'conversations' is missing; the object has: id, talk"),
    (chat("q", "x", meta={"lang": "jp"}), "meta.lang is 'jp'; expected 'ja' or 'en', or none"),
    (chat("q", "x", meta={"references": "x"}), "meta.references is of type str; expected list"),
]


@pytest.mark.parametrize("obj, why", WRONG_CHATS)
def test_a_wrong_chat_is_named_by_plan_and_by_run_and_nothing_is_written(tmp_path: Path, obj: Json, why: str) -> None:
    path = saved(tmp_path / "x.jsonl", chat("q", "x", id="fine"), {"id": "bad", **obj})
    stage = ChatFile(path=path, licence="MIT")
    (problem,) = stage.check()
    assert problem.startswith(f"{path}:2: row bad: {why}")
    assert [*stage.problems()] == [problem]
    ctx = context(tmp_path)
    with pytest.raises(UsageError) as raised:
        ctx.store.build(stage, ctx)
    assert str(raised.value) == problem
    assert ctx.store.find(stage) is None and not [*ctx.store.root.rglob("rows.jsonl*")]


@pytest.mark.parametrize(
    "obj, why",
    [
        (pair("q", "same", "same "), "chosen and rejected are the same answer"),
        (pair("q", "", "x"), "chosen is empty"),
        (pair("", "x", "y"), "prompt: message 1 (user) is empty"),
        (pair("q", "x", 3), "rejected is a number; expected a string"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_pair_is_named_by_plan(tmp_path: Path, obj: Json, why: str) -> None:
    path = saved(tmp_path / "x.jsonl", pair("q", "good", "bad"), {"id": "bad", **obj})
    assert [*PairFile(path=path, licence="MIT").check()] == [f"{path}:2: row bad: {why}"]


def test_chats_where_pairs_are_wanted_are_sent_to_the_other_stage(tmp_path: Path) -> None:
    chats, pairs = saved(tmp_path / "c.jsonl", chat("q", "x")), saved(tmp_path / "p.jsonl", pair("q", "x", "y"))
    (problem,) = PairFile(path=chats, licence="MIT").check()
    assert problem.endswith("this is a Chat, not a Pair; read the file with ChatFile")
    (problem,) = ChatFile(path=pairs, licence="MIT").check()
    assert problem.endswith("this is a Pair, not a Chat; read the file with PairFile")


def test_prompts_end_with_the_user_where_that_is_asked_for(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.jsonl", chat("q"), chat("q", "x"))
    (problem,) = ChatFile(path=path, licence="MIT", ends="user").check()
    assert problem.endswith("the last message is of role assistant; it must be user or tool")


@pytest.mark.parametrize(
    "data, why",
    [
        (b"", r"x.jsonl: the file is empty"),
        (b'{"conversations":[{"from":"hum', r"x.jsonl:1: not JSON: input data was truncated"),
        (b'{"conversations":"\xff"}', r"x.jsonl:1: not UTF-8"),
        (b"[]\n", r"x.jsonl:1: expected an object, found an array"),
    ],
)
def test_a_broken_file_is_named_by_plan(tmp_path: Path, data: bytes, why: str) -> None:
    (tmp_path / "x.jsonl").write_bytes(data)
    (problem,) = ChatFile(path=str(tmp_path / "x.jsonl"), licence="MIT").check()
    assert why in problem


def test_every_problem_is_counted_and_twenty_are_shown(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.jsonl", *(chat("q") for _ in range(33)), chat("q", "x"))
    stage = ChatFile(path=path, licence="MIT")
    *shown, last = stage.check()
    assert len(shown) == 20 and last == f"{path}: 33 problems in all; the first 20 are shown"
    assert len([*stage.problems()]) == 33
    with pytest.raises(UsageError, match="33 problems in all") as raised:
        stage.run(tmp_path, context(tmp_path))
    assert len(str(raised.value).splitlines()) == 21


def test_plan_knows_the_row_count_and_a_good_file_has_no_problem(tmp_path: Path) -> None:
    stage = ChatFile(path=saved(tmp_path / "x.jsonl", *(chat("q", f"{i}") for i in range(5))), licence="MIT")
    assert stage.expected(lambda _: None) == 5
    assert [*wiring(stage)] == []


def test_a_layout_that_is_given_is_held_to(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.jsonl", {"conversations": [{"role": "user", "content": "q"}]})
    (problem,) = ChatFile(path=path, licence="MIT", layout="sharegpt").check()
    assert "conversations[0] has no 'from'" in problem


def test_the_source_s_name_can_be_given(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.jsonl", chat("q", "x"))
    stage = ChatFile(path=path, licence="MIT")
    named = replace(stage, source="mine")
    assert named.id != stage.id
    assert built(named, tmp_path)[0].meta["source"] == "mine"


@pytest.mark.skipif("KOMAINU_FIXTURES" not in os.environ, reason="KOMAINU_FIXTURES is not set")
@pytest.mark.parametrize("name, kind, rows", [
    ("fastchat_dummy_sharegpt.json", ChatFile, 910),
    ("lf_v1_sft_demo.jsonl", ChatFile, 500),
    ("lf_kto_en_demo.json", ChatFile, 300),
    ("lf_dpo_en_demo.json", PairFile, 300),
    ("lf_v1_dpo_demo.jsonl", PairFile, 10),
])  # fmt: skip
def test_real_files_become_rows(tmp_path: Path, name: str, kind: type[ChatFile | PairFile], rows: int) -> None:
    stage = kind(path=str(Path(os.environ["KOMAINU_FIXTURES"], "data", name)), licence="Apache-2.0")
    problems = [*stage.problems()]
    found = stage.expected(lambda _: None) or 0
    assert found + len(problems) == rows
    if not problems:
        assert stage.run(tmp_path, context(tmp_path)) == {"rows": rows}
        assert len({json.dumps(r.id) for r in read_rows(tmp_path / "rows.jsonl")}) == rows
