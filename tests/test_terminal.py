"""Text on a terminal: as wide as it says, harmless, side by side; and a chat as a person has it, with keys."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from komainu.terminal import beside, cells, printable, safe, wrapped
from komainu.votes import swapped
from tests.core_fakes import ROOT
from tests.models.conftest import server as server  # fixtures
from tests.models.fake_server import Server, completion

PATIENCE = 30.0


@given(st.text(), st.integers(2, 40))
def test_wrapped_lines_fit_and_lose_no_word(text: str, width: int) -> None:
    lines = [*wrapped(text, width)]
    assert all(cells(line) <= width for line in lines)
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)


def test_two_texts_stand_side_by_side_whatever_their_width() -> None:
    left, right = "日本語の答え\nsecond line", "an answer of several words"
    assert [*beside(left, right, 31)] == [
        "日本語の答え   | an answer of",
        "second line    | several words",
    ]
    assert [*beside("a", "b\nc", 13)] == ["a     | b", "      | c"]


def test_nothing_steers_a_terminal_and_japanese_stays() -> None:
    text = "\x1b[2J全角　スペース\u202e\x9b1m👩‍💻\t\ud800"
    assert safe(text) == "\\x1b[2J全角　スペース\\x202e\\x9b1m👩‍💻\t\\xd800"
    assert printable(text) == "\ufffd[2J全角　スペース\ufffd\ufffd1m👩‍💻\ufffd\ufffd"


class Person:
    """Someone at a terminal of `columns`, with a chat in it."""

    def __init__(self, folder: Path, *words: str, columns: int = 80) -> None:
        self.terminal, inside = pty.openpty()
        termios.tcsetwinsize(inside, (40, columns))
        code = "import fcntl, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"  # so that Ctrl-C reaches it
        code += "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # though a shell ignored it
        code += f"from komainu.cli import main; sys.exit(main({['chat', *words]!r}))"
        env = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}  # the terminal's own size counts
        env |= {"PYTHONPATH": str(ROOT), "TERM": "dumb"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=folder,
            env=env,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)
        self.seen = ""

    def sees(self, text: str) -> str:
        """Wait for a text; what stood before it."""
        end = time.monotonic() + PATIENCE
        while text not in self.seen:
            there, _, _ = select.select([self.terminal], [], [], max(0, end - time.monotonic()))
            assert there, f"{text!r} never came: {self.seen!r}"
            try:
                self.seen += os.read(self.terminal, 1 << 16).decode("utf-8", "replace")
            except OSError:  # the other end is closed
                assert text in self.seen, self.seen
        before, _, self.seen = self.seen.partition(text)
        return before

    def types(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def asks(self, line: str) -> None:
        self.sees("> ")
        self.types(f"{line}\n")

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.terminal)


@pytest.fixture
def models(server: Server) -> list[str]:
    server.handler = lambda request, body: completion(f"{body['model']} says {body['messages'][-1]['content']}")
    return [f"{server.url}#one", f"{server.url}#two"]


@pytest.fixture
def people() -> Iterator[list[Person]]:
    found: list[Person] = []
    yield found
    for each in found:
        each.close()


def votes(folder: Path) -> list[str]:
    lines = (folder / "votes.jsonl").read_text().splitlines()
    return [json.loads(line)["winner"] for line in lines]


def test_a_person_votes_with_one_key_and_what_was_acknowledged_outlives_a_kill(
    tmp_path: Path, models: list[str], people: list[Person]
) -> None:
    people.append(person := Person(tmp_path, *models))
    person.sees("talking to one and two")
    person.asks("犬")
    first, second = ("two", "one") if swapped(0, 1) else ("one", "two")
    person.sees(f"[left]\r\n{first} says 犬\r\n[right]\r\n{second} says 犬")
    person.sees("n no vote ")
    person.types("r")  # no Enter
    person.sees("vote 1 is stored")
    person.asks("猫")
    person.sees("n no vote ")
    os.kill(person.process.pid, signal.SIGKILL)  # between the answers and the vote
    assert votes(tmp_path) == ["second"]
    people.append(person := Person(tmp_path, *models, columns=120))
    person.asks("鳥")
    first, second = ("two", "one") if swapped(0, 2) else ("one", "two")
    assert re.search(rf"\[left\] +\| \[right\]\r\n{first} says 鳥 +\| {second} says 鳥", person.sees("n no vote "))
    person.types("\x1b[D")  # the arrow to the left
    person.sees("vote 2 is stored")
    person.asks("/regenerate")
    person.sees("n no vote ")
    person.types("t")
    person.sees("have a vote already, which stands")  # the same answers again
    person.sees("> ")
    person.types("\x04")  # Ctrl-D
    assert "one 0, two 1, ties 0, both bad 0, no vote 1" in person.sees("votes are in votes.jsonl")
    assert person.process.wait(PATIENCE) == 0 and votes(tmp_path) == ["second", "first"]


def test_a_key_that_is_pressed_before_the_answers_are_there_is_no_vote(
    tmp_path: Path, server: Server, models: list[str], people: list[Person]
) -> None:
    ready = threading.Event()

    async def late(request: web.Request, body: dict[str, Any]) -> web.Response:
        while not ready.is_set():
            await asyncio.sleep(0.01)
        return completion(body["model"])

    server.handler = lambda request, body: late(request, body)
    people.append(person := Person(tmp_path, *models))
    person.asks("犬")
    while len(server.bodies) < 2:
        time.sleep(0.01)
    person.types("l")
    person.sees("l")  # the terminal has it
    ready.set()
    person.sees("n no vote ")
    person.types("r")
    person.sees("vote 1 is stored")
    assert votes(tmp_path) == ["second"]


def test_ctrl_c_at_a_vote_forgets_the_answers_and_ctrl_d_ends_the_chat(
    tmp_path: Path, models: list[str], people: list[Person]
) -> None:
    people.append(person := Person(tmp_path, *models, "--votes", "mine.jsonl", "--by", "anna"))
    person.asks("犬")
    person.sees("n no vote ")
    person.types("\x03")
    person.sees("this answer is forgotten")
    person.asks("猫")
    person.sees("n no vote ")
    person.types("l")
    person.sees("vote 1 is stored")
    person.asks("鳥")
    person.sees("n no vote ")
    person.types("\x04")
    person.sees("no vote 0; votes are in mine.jsonl")
    assert person.process.wait(PATIENCE) == 0
    (line,) = (tmp_path / "mine.jsonl").read_text().splitlines()
    found = json.loads(line)
    assert found["judge"] == "anna" and found["prompt"] == [{"role": "user", "content": "猫"}]
