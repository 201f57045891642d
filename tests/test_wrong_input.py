"""Wrong input: a clear error that says what and where, exit code 2, and nothing started."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.train.world import base, context

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base model's directory, context 128."""
    ctx = context(tmp_path_factory.mktemp("made"))
    return ctx.store.build(base(), ctx).path


def good(n: int = 4) -> list[dict[str, Any]]:
    turns = [{"role": "user", "content": "犬は？"}, {"role": "assistant", "content": "いる"}]
    return [{"id": f"row-{i}", "messages": turns} for i in range(n)]


def lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def run(tmp_path: Path, *settings: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "KOMAINU_STORE": str(tmp_path / "store")}
    command = [sys.executable, "-m", "komainu.cli", "run", "recipes/finetune.py:finetune", "licence=mit", *settings]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def refused(tmp_path: Path, *settings: str) -> str:
    """The message of a run that was refused before anything was built."""
    done = run(tmp_path, "batch=2", "epochs=1", *settings)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert not [*(tmp_path / "store").glob("*/*/record.json")]
    made = [path.relative_to(tmp_path / "store").parts[0] for path in (tmp_path / "store").glob("*/*")]
    assert {*made} <= {".locks", ".tokens"}, "rows may have been tokenised to be looked at, no more"
    return done.stderr + done.stdout


def without_reply() -> dict[str, Any]:
    return {"id": "odd", "messages": [{"role": "user", "content": "犬は？"}]}


def out_of_order() -> dict[str, Any]:
    turn = {"role": "user", "content": "犬は？"}
    return {"id": "odd", "messages": [turn, turn, {"role": "assistant", "content": "いる"}]}


def too_long() -> dict[str, Any]:
    turns = [{"role": "user", "content": "犬" * 200}, {"role": "assistant", "content": "いる"}]
    return {"id": "odd", "messages": turns}


CHATS: dict[str, tuple[bytes, str]] = {
    "truncated": (lines(good())[:-20], r"chats.jsonl:4"),
    "not UTF-8": (lines(good(1)) + "犬".encode("euc-jp") + b"\n", r"chats.jsonl:2"),
    "empty": (b"", "the file is empty"),
    "wrong last role": (lines([*good(2), without_reply()]), "chats.jsonl:3: row odd"),
    "roles out of order": (lines([*good(2), out_of_order()]), "chats.jsonl:3: row odd"),
    "longer than the context": (lines([*good(2), too_long()]), "row odd: "),
}


@pytest.mark.parametrize("case", CHATS)
def test_bad_chats_are_refused_with_file_and_line_or_row(model: Path, tmp_path: Path, case: str) -> None:
    content, said = CHATS[case]
    (tmp_path / "chats.jsonl").write_bytes(content)
    assert said in refused(tmp_path, f"base={model}", f"chats={tmp_path / 'chats.jsonl'}")


def test_a_pair_with_equal_answers_is_refused(model: Path, tmp_path: Path) -> None:
    pair = {"id": "same", "prompt": "犬は？", "chosen": "いる", "rejected": "いる"}
    (tmp_path / "pairs.jsonl").write_bytes(lines([pair]))
    said = refused(tmp_path, f"base={model}", f"pairs={tmp_path / 'pairs.jsonl'}")
    assert "pairs.jsonl:1: row same" in said


def test_an_unknown_parameter_names_the_nearest_one(model: Path, tmp_path: Path) -> None:
    assert "'epochs'" in refused(tmp_path, f"base={model}", "epoch=2")


def test_a_missing_file_is_named_with_its_neighbour(model: Path, tmp_path: Path) -> None:
    (tmp_path / "chats.jsonl").write_bytes(lines(good()))
    said = refused(tmp_path, f"base={model}", f"chats={tmp_path / 'chat.jsonl'}")
    assert "chat.jsonl" in said and "chats.jsonl" in said


def without_template(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()


def without_eos(folder: Path) -> None:
    file = folder / "tokenizer_config.json"
    config = json.loads(file.read_text())
    config["eos_token"] = None
    file.write_text(json.dumps(config))


def without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def without_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def without_system(folder: Path) -> None:
    file = folder / "chat_template.jinja"
    text = file.read_text()
    file.write_text(text.replace("for message in messages", "for message in messages if message.role != 'system'"))


BASES: dict[str, tuple[Callable[[Path], None], str]] = {
    "no chat template": (without_template, "no chat template"),
    "no EOS": (without_eos, "no EOS token"),
    "no weights": (without_weights, "it has no *.safetensors"),
    "no config": (without_config, "it has no config.json"),
    "drops the system turn": (without_system, "drops the system turn"),
}


@pytest.mark.parametrize("case", BASES)
def test_a_base_that_cannot_be_trained_is_refused(model: Path, tmp_path: Path, case: str) -> None:
    spoil, said = BASES[case]
    folder = tmp_path / "model"
    shutil.copytree(model, folder, ignore=shutil.ignore_patterns("record.json", "metrics.jsonl"))
    spoil(folder)
    rows = good()
    for row in rows:
        row["messages"] = [{"role": "system", "content": "短く"}, *row["messages"]]
    (tmp_path / "chats.jsonl").write_bytes(lines(rows))
    assert said in refused(tmp_path, f"base={folder}", f"chats={tmp_path / 'chats.jsonl'}")


def test_a_base_that_is_not_a_directory_is_refused(tmp_path: Path) -> None:
    assert "is not a directory" in refused(tmp_path, f"base={tmp_path / 'nothing'}")


def test_dpo_fed_with_chats_is_a_problem_of_the_plan(model: Path, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(lines(good()))
    said = refused(tmp_path, f"base={model}", f"pairs={tmp_path / 'rows.jsonl'}")
    assert "rows.jsonl:1" in said and "Chat" in said


def test_good_files_are_trained_on(model: Path, tmp_path: Path) -> None:
    (tmp_path / "chats.jsonl").write_bytes(lines(good()))
    pair = {"prompt": "犬は？", "chosen": "いる", "rejected": "いない"}
    (tmp_path / "pairs.jsonl").write_bytes(lines([{**pair, "id": f"p{i}"} for i in range(4)]))
    files = (f"chats={tmp_path / 'chats.jsonl'}", f"pairs={tmp_path / 'pairs.jsonl'}")
    done = run(tmp_path, "batch=2", "epochs=1", f"base={model}", *files)
    assert done.returncode == 0, done.stderr
    assert [*(tmp_path / "store").glob("dpo/*/model.safetensors")]
