"""`komainu serve` and `komainu chat`: which model a target is, what is printed, and that nothing is left behind."""

from __future__ import annotations

import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import komainu.serving
from komainu.cli import main
from komainu.errors import EndpointError, UsageError
from komainu.models.local import free_port, listens
from komainu.serving import directory_of, name_of
from komainu.settings import Settings
from komainu.stage import Page, Stage, Weights
from komainu.votes import PEOPLE, swapped
from tests.core_fakes import ROOT, context
from tests.models.conftest import server as server  # fixtures
from tests.models.conftest import tiny_model as tiny_model
from tests.models.fake_server import Server, completion

pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOMAINU_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("KOMAINU_THREADS", "1")
    return tmp_path


def started(*words: str) -> subprocess.Popen[str]:
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); import sys\n"
    code += f"from komainu.cli import main; sys.exit(main({list(words)!r}))"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def silent(port: int, seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while listens(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not listens(port)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_serve_tells_all_that_is_needed_and_ends_with_its_server(tiny_model: Path, sign: signal.Signals) -> None:
    port = free_port()
    process = started("serve", str(tiny_model), "--port", str(port), "--context", "200", "--json")
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    assert told["url"] == f"http://127.0.0.1:{port}/v1" and told["engine"] == "transformers"
    assert told["rope"] == 2 and told["template"] == "as trained"
    assert shlex.split(told["command"])[0] == "env" and f"--port {port}" in told["command"]
    asked = shlex.split(told["curl"])
    request = urllib.request.Request(asked[1], asked[-1].encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as found:
        assert json.loads(found.read())["choices"][0]["message"]["role"] == "assistant"
    process.send_signal(sign)
    out, err = process.communicate(timeout=30)
    assert process.returncode == (0 if sign == signal.SIGINT else -sign)
    assert out == "" and "Traceback" not in err and "needs RoPE scaling 2" in err
    assert silent(port)


def test_serve_ends_with_an_error_when_its_server_dies(tiny_model: Path) -> None:
    process = started("serve", str(tiny_model), "--port", "0", "--json")
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    (pid,) = (int(p.name) for p in Path("/proc").glob("[0-9]*") if is_server(p, told["url"]))
    os.kill(pid, signal.SIGKILL)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1 and out == "" and "has ended. The server ended with code 137" in err


def is_server(folder: Path, url: str) -> bool:
    port = url.rpartition(":")[2].split("/")[0]
    try:
        words = (folder / "cmdline").read_bytes().decode().split("\0")
    except OSError:
        return False
    return "komainu.models.completions" in words and port in words and not any("guard.py" in word for word in words)


def chat(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], typed: str, *words: str) -> Any:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    code = main(["chat", *words])
    return code, *capfd.readouterr()


def test_chat_answers_the_lines_of_its_input(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    words = (str(tiny_model), "temperature=0", "max_tokens=6")
    code, out, _ = chat(monkeypatch, capfd, "cat\n/reset\ncat\n", *words)
    first, second = out.splitlines()
    assert code == 0 and first == second != ""
    code, out, _ = chat(monkeypatch, capfd, "cat\n", *words, "--system", "be brief", "--json")
    found = json.loads(out)
    assert found["sampler"] == {"temperature": 0.0, "max_tokens": 6}
    assert [m["role"] for m in found["messages"]] == ["system", "user", "assistant"]


def test_chat_takes_an_endpoint_of_the_settings(
    server: Server, here: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (here / "komainu.toml").write_text(f'[endpoints.teacher]\nurl = "{server.url}"\nmodel = "as-served"\n')
    assert chat(monkeypatch, capfd, "hi\n", "teacher") == (0, "ok\n", "")
    assert server.bodies[0]["model"] == "as-served"
    assert chat(monkeypatch, capfd, "hi\n", f"{server.url}#other") == (0, "ok\n", "")
    assert server.bodies[1]["model"] == "other"
    code, out, err = chat(monkeypatch, capfd, "hi\n", "teachr")
    assert code == 2 and out == "" and "did you mean 'teacher'" in err
    code, out, err = chat(monkeypatch, capfd, "hi\n", "teacher", "heat=1", "--json")
    assert code == 2 and "a sampler setting is one of" in json.loads(out)["error"]


def test_chat_with_two_models_takes_votes_from_the_lines_and_tells_at_the_end_which_was_which(
    server: Server, here: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    server.handler = lambda request, body: completion(f"I am {body['model']}")
    words = (f"{server.url}#one", f"{server.url}#two", "temperature=0.5", "--system", "短く", "--seed", "3", "--json")
    code, out, err = chat(monkeypatch, capfd, "hi\nleft\nhi\n", *words)
    found = json.loads(out)
    assert code == 0 and found["models"] == ["one", "two"] and found["sampler"] == {"temperature": 0.5}
    left = ("one", "two")[swapped(3, 1)]
    assert found["shown"] == [{"left": left, "right": {"one": "two", "two": "one"}[left], "winner": "first"}]
    assert f"{left} 1" in err and "votes are in votes.jsonl" in err
    vote = json.loads((here / "votes.jsonl").read_text())
    assert (vote["first"], vote["winner"], vote["judge"]) == (left, "first", PEOPLE)
    assert [m["content"] for m in vote["prompt"]] == ["短く", "hi"]
    for targets in ([], ["a", "b", "c"], ["a", "a"]):
        code, out, err = chat(monkeypatch, capfd, "hi\n", *targets, "seed=1")
        assert code == 2 and "name one model, or two that differ" in err
    (here / "votes.jsonl").write_text('{"prompt": "q", "chosen": "a", "rejected": "b"}\n')
    code, out, err = chat(monkeypatch, capfd, "hi\n", *words)
    assert code == 2 and "votes.jsonl:1: this is no vote" in err


def test_chat_starts_an_endpoint_and_takes_whole_answers_where_it_does_not_stream(
    here: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    start = '["{python}", "-m", "komainu.data.textbook.server", "--port", "{port}"]'
    (here / "komainu.toml").write_text(f"[endpoints.textbook]\nstart = {start}\n")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    code, out, err = chat(monkeypatch, capfd, "「犬」を英語に訳してください。\n", "textbook", "seed=1")
    assert code == 0 and out.strip(), err  # the teacher does not stream


def test_a_target_is_a_directory_an_artifact_or_the_card_of_a_report(tiny_model: Path, here: Path) -> None:
    class Model(Stage):
        makes = Weights

        def run(self, out: Path, ctx: Any) -> dict[str, Any]:
            (out / "config.json").write_text("{}")
            return {}

    class Card(Stage):
        makes = Page

        def run(self, out: Path, ctx: Any) -> dict[str, Any]:
            (out / "config.json").write_text("{}")
            return {}

    @dataclass(frozen=True, kw_only=True)
    class Shown(Stage):
        makes = Page
        card: Stage | None = None
        model: Stage | None = None

        def run(self, out: Path, ctx: Any) -> dict[str, Any]:
            return {}

    settings, ctx = Settings(), context(here / "store")
    weights = ctx.store.build(Model(), ctx)
    assert directory_of(str(tiny_model), settings) == tiny_model
    assert directory_of(weights.ref, settings) == weights.path
    report = ctx.store.build(Shown(card=Card(), model=Model()), ctx)
    assert directory_of(report.ref, settings) == ctx.store.place(Card())
    with pytest.raises(UsageError, match=rf"is no model; under it are the models {weights.ref}"):
        directory_of(ctx.store.build(Shown(model=Model()), ctx).ref, settings)
    with pytest.raises(UsageError, match="no model 'nothing': it is none of a model directory"):
        directory_of("nothing", settings)


@pytest.mark.parametrize(
    ("target", "name"), [("family,size=s", "family-size-s"), ("a/b:c", "b-c"), ("./m/", "m"), ("sft/12ab", "12ab")]
)
def test_a_served_name_is_one_that_every_engine_takes(target: str, name: str) -> None:
    assert name_of(target) == name


def test_a_server_that_ends_is_told_of_by_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ended:
        name = "m"
        closed = False

        def fate(self) -> str:
            return " The server ended with code 3"

        def close(self) -> None:
            self.closed = True

    server: Any = Ended()
    with pytest.raises(EndpointError, match=r"'m' has ended\. The server ended with code 3"):
        komainu.serving.hold(server)
    assert server.closed
