"""Sets made from a failing server and killed: nothing is lost, nothing paid twice, and the bench would see it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bench.chaos import MARK, running
from bench.datasoak import Run, Speaker, below, ended, made, soak

ROWS = 9


@pytest.fixture(scope="module")
def soaked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a bench of four kills has left."""
    folder = tmp_path_factory.mktemp("soak")
    assert soak(ROWS, 4, 1, folder) == 0
    yield folder


def test_four_kills_of_two_sets_change_no_byte_and_pay_no_call_twice(soaked: Path) -> None:
    assert len([*soaked.glob("run-*/store/dataset/*/rows.jsonl")]) >= 2
    assert all(path.stat().st_size for path in soaked.glob("whole/store/dataset/*/rows.jsonl"))
    log = (soaked / "run-1" / "log").read_text(encoding="utf-8")
    assert "Traceback" not in log


def test_the_bench_sees_a_changed_byte_the_words_of_an_error_and_a_call_that_was_paid_twice(soaked: Path) -> None:
    with running(Speaker(0.0)) as server:
        run = Run(soaked / "chaos", server, ROWS)
        whole = made(run.folder)
        run.check(whole)
        assert run.wrong == []
        before = run.acknowledged()
        run.again(before, Counter())
        assert before and run.wrong == []
        server.asked[next(iter(before))] += 1
        run.again(before, Counter())
        assert len(run.wrong) == 1 and run.wrong[0].startswith("asked again though acknowledged: ")
        rows = next(path for path in run.folder.glob("store/dataset/*/rows.jsonl"))
        rows.write_text(rows.read_text(encoding="utf-8") + MARK, encoding="utf-8")
        with closing(sqlite3.connect(run.folder / "store" / "calls.sqlite", isolation_level=None)) as db:
            db.execute("update ledger set calls = calls + 1")
        run.check(whole)
    name = rows.relative_to(run.folder / "store").as_posix()
    assert run.wrong[1:3] == [f"{name} differs", f"an error's words are in {rows.parent.name}"]
    assert run.wrong[3].startswith("the ledger has ")


def test_processes_below_one_are_found_and_seen_to_end() -> None:
    child = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)"
    child += "; print('ready', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        (inner,) = below(process.pid)
        assert not ended(inner, 0.01)
        process.kill()
    assert ended(inner) and ended(process.pid)


def test_the_speakers_say_the_same_to_the_same_question() -> None:
    body = {"model": "teacher", "messages": [{"role": "user", "content": "About rain: write a text."}], "seed": 3}
    with running(Speaker(0.0)) as server:
        assert server.says(body) == server.says(body) != server.says(body | {"seed": 4})
        assert server.of(body) != server.of(body | {"seed": 4})
