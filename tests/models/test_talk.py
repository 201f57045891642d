"""A chat at a terminal: what is remembered, what is sent, what the commands do."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from komainu.data.files import ChatFile
from komainu.errors import EndpointError, UsageError
from komainu.models import talk as module
from komainu.models.talk import Talk, converse, typed
from komainu.rows import Chat
from komainu.settings import Endpoint
from tests.models.fake_server import Server, completion


@pytest.fixture
def talk(server: Server) -> Talk:
    server.handler = lambda request, body: completion(f"answer {sum(m['role'] == 'user' for m in body['messages'])}")
    return Talk(Endpoint(url=server.url, model="as-served"), "m")


def said(talk: Talk, *lines: str, forgiving: bool = False) -> str:
    out = io.StringIO()
    converse(talk, lines, out, forgiving=forgiving)
    return out.getvalue()


def test_the_history_goes_with_every_question(talk: Talk, server: Server) -> None:
    assert said(talk, "one\n", "\n", "two\n") == "answer 1\nanswer 2\n"
    assert [m["content"] for m in server.bodies[-1]["messages"]] == ["one", "answer 1", "two"]
    assert server.bodies[0]["model"] == "as-served"
    assert server.bodies[0].keys() == {"model", "messages", "stream"}  # settings that are not set are not sent


def test_commands_change_what_is_asked(talk: Talk, server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    said(talk, "/system be brief", "one", "/set temperature 0.5", "/set max_tokens 7", "two", "/reset", "three")
    first, second, third = server.bodies
    assert [m["role"] for m in first["messages"]] == ["system", "user"]
    assert (second["temperature"], second["max_tokens"]) == (0.5, 7)
    assert [m["content"] for m in third["messages"]] == ["be brief", "three"]
    said(talk, "/show", "/set temperature", "/system", "//four", "/help", "/exit", "five")
    assert server.bodies[-1]["messages"] == [{"role": "user", "content": "/four"}]
    assert "temperature" not in server.bodies[-1]
    told = capfd.readouterr().err
    assert "temperature 0.5, max_tokens 7" in told and "assistant: answer 1" in told and "/set NAME VALUE" in told


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("/sistem x", "no command is called /sistem; did you mean 'system'"),
        ("/set temprature 1", "did you mean 'temperature'"),
        ("/set top_p high", "top_p must be a number, not 'high'"),
        ("/set max_tokens 1.5", "max_tokens must be a number"),
        ("/set seed 1 2", "one of temperature"),
    ],
)
def test_a_wrong_command_is_named(talk: Talk, line: str, message: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match=message):
        said(talk, line)
    assert said(talk, line, "one", forgiving=True) == "answer 1\n"
    assert message.split(" '")[0] in capfd.readouterr().err


def test_a_turn_without_an_answer_is_forgotten(talk: Talk, server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    server.handler = lambda request, body: web.json_response({"error": "no"}, status=500)
    with pytest.raises(EndpointError):
        said(talk, "one")
    assert said(talk, "one", forgiving=True) == "" and talk.messages == []
    assert "status 500" in capfd.readouterr().err


def test_ctrl_c_ends_the_answer_and_not_the_chat(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> Iterator[str]:
        yield "beginning"
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "streamed", interrupted)
        assert said(talk, "one", forgiving=True) == "beginning"
        with pytest.raises(KeyboardInterrupt):
            said(talk, "one")
    assert talk.messages == [] and "this answer is forgotten" in capfd.readouterr().err
    assert said(talk, "one") == "answer 1\n"


def test_a_question_is_asked_again_and_the_new_answer_takes_the_place_of_the_old_one(
    talk: Talk, server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="there is no answer yet"):
        said(talk, "/regenerate")
    said(talk, "/set seed 7", "one", "two")
    server.handler = lambda request, body: completion(f"with seed {body['seed']}")
    assert said(talk, "/regenerate", "/set temperature 1", "/regenerate") == "with seed 8\nwith seed 9\n"
    assert [m["content"] for m in talk.messages] == ["one", "answer 1", "two", "with seed 9"]
    assert [m["content"] for m in server.bodies[-1]["messages"]] == ["one", "answer 1", "two"]
    assert said(talk, "three") == "with seed 7\n"
    server.handler = lambda request, body: web.json_response({"error": "no"}, status=500)
    before = talk.messages
    assert said(talk, "/regenerate", forgiving=True) == "" and talk.messages == before
    assert "status 500" in capfd.readouterr().err


def test_a_saved_conversation_is_training_data(talk: Talk, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    with pytest.raises(UsageError, match="there is no answer yet"):
        said(talk, f"/save {path}")
    said(talk, "/system be brief", "/set temperature 0.5", "one", f"/save {path}", "two", f"/save {path}")
    first, second = ChatFile(path=str(path), licence="MIT").read()
    assert isinstance(first.row, Chat) and isinstance(second.row, Chat) and not first.reason + second.reason
    assert [m.role for m in first.row.messages] == ["system", "user", "assistant"] and len(second.row.messages) == 5
    assert first.row.meta["models"] == ["m"] and first.row.meta["sampler"] == {"temperature": 0.5}
    with pytest.raises(UsageError, match=r"ends in \.jsonl, not 'mine'"):
        said(talk, "/save mine")
    with pytest.raises(UsageError, match="no such file or directory"):
        said(talk, f"/save {tmp_path}/nowhere/x.jsonl")


def test_what_a_model_writes_steers_no_terminal(talk: Talk, server: Server) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    server.handler = lambda request, body: completion("\x1b]0;title\x07\u3000全角\n")
    out = Terminal()
    converse(talk, ["one"], out, forgiving=True)
    assert out.getvalue() == "\\x1b]0;title\\x07\u3000全角\n\n"
    assert said(talk, "two") == "\x1b]0;title\x07\u3000全角\n\n"  # a file has what the model wrote


@pytest.mark.parametrize("end", [EOFError, KeyboardInterrupt])
def test_what_is_typed_ends_with_the_input(end: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    lines = iter(["one", "two"])

    def typing(prompt: str) -> str:
        try:
            return next(lines)
        except StopIteration:
            raise end from None

    monkeypatch.setattr("builtins.input", typing)
    assert list(typed()) == ["one", "two"]
