"""The textbook's teacher: its faults, their labels, and its server."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from komainu.data.textbook.grader import GRADERS
from komainu.data.textbook.habits import HABITS
from komainu.data.textbook.prompts import Prompts
from komainu.data.textbook.server import CLEAN, ODD, app, faults_of, main
from komainu.data.textbook.tasks import TASKS
from komainu.data.textbook.teacher import CANNOT, FAULTS, Faults, answer
from komainu.errors import UsageError
from komainu.rows import Chat, Message

T = TypeVar("T")
ROWS = list(Prompts(side="train", n=1200).rows())
ASKED = [{"role": "user", "content": "「本」を3回言ってください。"}]


def only(name: str, rate: float = 1.0) -> Faults:
    """A teacher with one fault."""
    return Faults(**{each: rate if each == name else 0.0 for each in (*FAULTS, "casual")})


def answers(faults: Faults, seed: int = 0) -> list[tuple[Chat, str, str]]:
    return [(row, *answer(row.messages, seed, faults)) for row in ROWS]


def test_without_faults_every_answer_is_the_best_reference() -> None:
    for row, text, fault in answers(CLEAN):
        assert (text, fault) == (row.meta["references"][0], "")


def test_a_label_is_empty_exactly_when_the_answer_is_right() -> None:
    """A casual answer is a reference, yet labelled: polite was preferred."""
    for seed in range(3):
        for row, text, fault in answers(Faults(), seed):
            right = text in row.meta["references"]
            casual = right and fault == "register"
            assert (fault == "") == (right and not casual), (row, text, fault)
            if casual:
                assert row.meta["preferred"] and text == row.meta["references"][1]


@pytest.mark.parametrize("name", [*FAULTS, "casual"])
def test_each_fault_spoils_what_it_can_and_says_so(name: str) -> None:
    spoilt: Counter[str] = Counter()
    for row, text, fault in answers(only(name)):
        if fault:
            spoilt[row.meta["task"]] += 1
            assert fault == ("register" if name == "casual" else name)
            assert text != row.meta["references"][0]
        else:
            assert text == row.meta["references"][0]
    translations = {"translate_ja", "translate_en"}
    can = {
        "extra_text": translations,
        "register": {"polite", "plain", "followup"},
        "casual": {"translate_ja", "questions", "language", "followup"},
        "constraint": set(),  # it spoils prompts with constraints, of which these are none
    }
    assert set(spoilt) == can.get(name, {task.name for task in TASKS})


def test_extra_text_holds_the_whole_answer() -> None:
    for row, text, fault in answers(only("extra_text")):
        assert row.meta["references"][0] in text
        assert (fault == "extra_text") == row.meta["task"].startswith("translate_")


def test_a_leak_is_in_another_language() -> None:
    for row, text, fault in answers(only("leak")):
        if fault:
            best = row.meta["references"][0]
            foreign = [c for c in set(text) - set(best) if not c.isspace()]
            assert foreign or row.meta["task"] == "json", (best, text)
            if row.meta["lang"] == "en":
                assert best.isascii() and not text.isascii()


def test_a_wrong_answer_has_the_format_of_a_right_one() -> None:
    for row, text, fault in answers(only("wrong")):
        wanted = row.meta.get("format", {})
        if fault and wanted.get("kind") == "bullets":
            assert text.count("\n- ") == wanted["n"] - 1
        if fault and wanted.get("kind") == "json":
            assert text[0] + text[-1] == "{}"


def test_a_truncated_answer_is_the_beginning_of_a_right_one() -> None:
    for row, text, fault in answers(only("truncated")):
        if fault:
            assert text and row.meta["references"][0].startswith(text)


def test_faults_come_at_the_rates_that_are_set() -> None:
    labels: Counter[str] = Counter()
    rows = [row for row in ROWS if row.meta["task"] == "translate_ja"]
    for seed in range(40):
        labels.update(answer(row.messages, seed, Faults())[1] for row in rows)
    total = labels.total()
    assert total == 2000
    assert labels["extra_text"] / total == pytest.approx(0.35, abs=0.04)
    assert labels["leak"] / total == pytest.approx(0.08, abs=0.02)
    assert labels["register"] / total == pytest.approx(0.4 * (1 - 0.35 - 0.08 - 0.04 - 0.04), abs=0.05)


def test_an_answer_depends_on_the_messages_and_the_seed_alone() -> None:
    once, again, other = (answers(Faults(), seed) for seed in (7, 7, 8))
    assert once == again
    assert once != other


def test_a_prompt_that_no_task_poses_gets_an_apology() -> None:
    assert answer((Message("user", "What is the capital of Peru?"),), 0, Faults()) == (CANNOT, "wrong")


def test_system_turns_are_passed_over() -> None:
    row = ROWS[0]
    assert answer((Message("system", "Be kind."), *row.messages), 5, Faults()) == answer(row.messages, 5, Faults())


@given(st.lists(st.builds(Message, st.sampled_from(["user", "assistant", "system"]), st.text()), max_size=4))
def test_any_conversation_is_answered(messages: list[Message]) -> None:
    text, _ = answer(tuple(messages), 0, Faults())
    assert text


@pytest.mark.parametrize("wrong", [{"leak": 1.2}, {"leak": -0.1}, {"extra_text": 0.9, "leak": 0.2}])
def test_rates_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="Faults"):
        Faults(**wrong)


def test_a_model_name_says_the_fault_rates() -> None:
    rates = Faults(leak=0.2)
    assert faults_of("textbook", rates) == rates
    assert faults_of("textbook-clean", rates) == CLEAN
    assert faults_of("textbook-odd", rates) == ODD and sum(map(ODD.__getattribute__, HABITS)) == pytest.approx(0.5)
    assert faults_of("textbook@leak=0,casual=1", rates) == Faults(leak=0.0, casual=1.0)
    assert faults_of("textbook-clean@leak=0.5", rates) == only("leak", 0.5)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("textbok", "did you mean 'textbook'"),
        ("textbook@leek=1", "did you mean 'leak'"),
        ("textbook@leak", "fault=rate"),
        ("textbook@leak=2", "from 0 to 1"),
    ],
)
def test_a_model_name_that_is_not_understood_is_told(name: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        faults_of(name, Faults())


def serve(use: Callable[[TestClient[Any, Any]], Awaitable[T]], faults: Faults | None = None) -> T:
    async def run() -> T:
        async with TestClient(TestServer(app(faults))) as client:
            return await use(client)

    return asyncio.run(run())


async def post(client: TestClient[Any, Any], body: Any) -> tuple[int, Any]:
    sent: dict[str, Any] = {"data": body} if isinstance(body, str) else {"json": body}
    async with client.post("/v1/chat/completions", **sent) as response:
        return response.status, await response.json()


def test_the_server_answers_as_the_teacher_does() -> None:
    rows = ROWS[:40]

    async def ask(client: TestClient[Any, Any]) -> list[tuple[str, str]]:
        got = []
        for row in rows:
            messages = [{"role": m.role, "content": m.content} for m in row.messages]
            status, body = await post(client, {"model": "textbook", "messages": messages, "seed": 3})
            assert status == 200
            choice = body["choices"][0]
            assert choice["finish_reason"] == "stop"
            text = choice["message"]["content"]
            asked = sum(len(m.content) for m in row.messages)
            assert body["usage"] == {
                "prompt_tokens": asked,
                "completion_tokens": len(text),
                "total_tokens": asked + len(text),
            }
            got.append((text, choice["message"]["fault"]))
        return got

    assert serve(ask, Faults(leak=0.3)) == [answer(row.messages, 3, Faults(leak=0.3)) for row in rows]


def test_the_server_takes_text_parts_and_cuts_at_max_tokens() -> None:
    async def ask(client: TestClient[Any, Any]) -> Any:
        parts = [{"role": "user", "content": [{"type": "text", "text": ASKED[0]["content"]}]}]
        return await post(client, {"model": "textbook-clean", "messages": parts, "max_tokens": 3})

    status, body = serve(ask)
    assert status == 200
    assert body["choices"][0] == {
        "index": 0,
        "message": {"role": "assistant", "content": "本、本", "fault": "truncated"},
        "finish_reason": "length",
    }


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{", "not JSON"),
        ([], "must be a JSON object"),
        ({"model": "textbook"}, "messages must be a list"),
        ({"messages": []}, "at least one message"),
        ({"messages": ["hi"]}, "messages[0] must be an object"),
        ({"messages": [{"role": "robot", "content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "text parts"),
        ({"messages": ASKED, "model": "gpt"}, "not served here"),
        ({"messages": ASKED, "model": 3}, "model must be a string"),
        ({"messages": ASKED, "seed": "x"}, "seed must be a whole number"),
        ({"messages": ASKED, "max_tokens": 0}, "max_tokens must be a whole number from 1"),
        ({"messages": ASKED, "n": 2}, "n must be 1"),
        ({"messages": ASKED, "stream": True}, "stream false"),
    ],
)
def test_a_bad_request_is_refused_with_what_is_wrong(body: Any, told: str) -> None:
    status, answered = serve(lambda client: post(client, body))
    assert status == 400
    assert told in answered["error"]["message"]
    assert answered["error"]["type"] == "invalid_request_error"


def test_the_server_lists_its_models_and_its_health() -> None:
    async def ask(client: TestClient[Any, Any]) -> list[tuple[int, Any]]:
        got = []
        for path in ("/v1/models", "/health", "/nowhere", "/v1/chat/completions"):
            async with client.get(path) as response:
                got.append((response.status, await response.json()))
        return got

    models, health, nowhere, method = serve(ask)
    assert [m["id"] for m in models[1]["data"]] == ["textbook", "textbook-clean", "textbook-odd", *GRADERS]
    assert health == (200, {"status": "ok"})
    assert (nowhere[0], method[0]) == (404, 405)
    assert "/nowhere" in nowhere[1]["error"]["message"]


@pytest.mark.parametrize("faults", ["[]", "{", '{"leek": 1}', '{"leak": 3}', '{"leak": "x"}'])
def test_wrong_rates_on_the_command_line_start_nothing(faults: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--faults", faults])
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux only")
def test_the_server_ends_with_its_parent() -> None:
    """A parent starts the server, waits until it listens, tells its id, and ends."""
    parent = (
        "import subprocess, sys\n"
        "command = [sys.executable, '-m', 'komainu.data.textbook.server', '--port', '0', '--with-parent']\n"
        "child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)\n"
        "line = child.stdout.readline()\n"
        "print(child.pid, line, flush=True)\n"
    )
    told = subprocess.run([sys.executable, "-c", parent], capture_output=True, text=True, timeout=60, check=True)
    pid, _, line = told.stdout.partition(" ")
    assert "http://127.0.0.1:" in line
    until = time.monotonic() + 20
    while running(int(pid)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not running(int(pid))


def running(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
