"""A server started here: up when asked, gone with whoever started it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from komainu.errors import EndpointError, UsageError
from komainu.models.base import Model, Question
from komainu.models.http import HttpClient
from komainu.models.local import LocalServer, answers, free_port
from komainu.rows import Message
from komainu.settings import Endpoint

SERVER = dedent(
    """
    import http.server, json, os, signal, subprocess, sys, time
    if "stubborn" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    time.sleep(0.2)
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer({"data": []})
        def do_POST(self):
            keys = sorted(os.environ.keys() & {"A_KEY", "OTHER"})
            told = json.dumps({"pids": [os.getpid(), helper.pid], "keys": keys})
            self.answer({"choices": [{"message": {"content": told}}]})
        def answer(self, value):
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        def log_message(self, *args):
            pass
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
    """
)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "serve.py"
    path.write_text(SERVER)
    return path


def endpoint(script: Path, *more: str) -> Endpoint:
    return Endpoint(start=("{python}", str(script), "{port}", *more), timeout=20)


def ask(client: HttpClient) -> dict[str, Any]:
    (reply,) = client.ask(Model(name="m"), [Question((Message("user", "who are you?"),))])
    found: dict[str, Any] = json.loads(reply.text)
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # the latter where it ends between opening and reading
        return False


def gone(pids: list[int], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(alive, pids))


def test_a_server_starts_when_first_asked_and_ends_with_its_helpers(script: Path) -> None:
    server = LocalServer(endpoint(script), "m")
    client = HttpClient(endpoint(script), "m", server)
    assert server.running is None
    pids = ask(client)["pids"]
    assert ask(client)["pids"] == pids
    assert all(map(alive, pids))
    url = server.url()
    client.close()
    assert gone(pids)
    assert not answers(f"{url}/models")


def test_a_server_that_ignores_being_asked_to_end_is_killed(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = HttpClient(endpoint(script), "m", server := LocalServer(endpoint(script, "stubborn"), "m"))
    pids = ask(client)["pids"]
    server.close()
    client.close()
    assert gone(pids)


def test_a_server_gets_no_key(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "sk-planted")
    monkeypatch.setenv("OTHER", "seen")
    client = HttpClient(endpoint(script), "m", LocalServer(endpoint(script), "m", frozenset({"A_KEY"})))
    assert ask(client)["keys"] == ["OTHER"]
    client.close()


def test_a_server_that_died_is_started_again(script: Path) -> None:
    client = HttpClient(endpoint(script), "m", LocalServer(endpoint(script), "m"))
    first = ask(client)["pids"]
    os.kill(first[0], signal.SIGKILL)
    assert gone(first)
    second = ask(client)["pids"]
    assert second != first
    client.close()


def test_what_a_killed_server_leaves_behind_is_ended_though_it_ignores_being_asked(script: Path) -> None:
    client = HttpClient(endpoint(script), "m", server := LocalServer(endpoint(script, "stubborn"), "m"))
    first = ask(client)["pids"]
    os.kill(first[0], signal.SIGKILL)
    assert gone(first)
    assert server.running is not None and server.running.process.wait(5) == 137
    client.close()


def test_a_wanted_port_is_taken_or_refused(script: Path) -> None:
    server = LocalServer(endpoint(script), "m", port=(port := free_port()))
    assert server.url() == f"http://127.0.0.1:{port}/v1"
    with pytest.raises(UsageError, match=f"port {port} cannot be had: .*in use"):
        LocalServer(endpoint(script), "other", port=port).url()
    server.close()


def test_a_server_that_does_not_come_up_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    failing = Endpoint(start=("{python}", "-c", "print('no such weights'); raise SystemExit({port} and 3)"))
    with pytest.raises(
        EndpointError, match=r"endpoint 'm': the server started with .* ended before(.|\n)*no such weights"
    ):
        LocalServer(failing, "m").url()


def test_a_server_that_never_answers_is_ended(tmp_path: Path) -> None:
    silent = Endpoint(start=("{python}", "-c", "import time; time.sleep(600) # {port}"), timeout=0.3)
    server = LocalServer(silent, "m")
    with pytest.raises(EndpointError, match=r"did not answer within 0.3 s(.|\n)*\(it printed nothing\)"):
        server.url()
    assert server.running is None


def test_a_command_that_cannot_be_run_is_an_error() -> None:
    with pytest.raises(EndpointError, match="no-such-program"):
        LocalServer(Endpoint(start=("no-such-program", "{port}")), "m").url()


def test_a_start_command_without_a_port_is_refused() -> None:
    with pytest.raises(UsageError, match=r"`start` must hold \{port\}"):
        LocalServer(Endpoint(start=("vllm", "serve")), "m")


PARENT = dedent(
    """
    import sys, threading
    from komainu.models.http import HttpClient
    from komainu.models.local import LocalServer
    from komainu.models.base import Model, Question
    from komainu.rows import Message
    from komainu.settings import Endpoint

    endpoint = Endpoint(start=("{python}", sys.argv[1], "{port}"))
    client = HttpClient(endpoint, "m", LocalServer(endpoint, "m"))

    def work():
        for reply in client.ask(Model(name="m"), [Question((Message("user", "?"),))]):
            print(reply.text, flush=True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    for line in sys.stdin:
        work()
    """
)


@pytest.mark.parametrize("end", ["exit", "kill"])
def test_the_server_goes_with_the_process_that_started_it_but_not_with_its_thread(script: Path, end: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdin is not None and parent.stdout is not None
    pids = json.loads(parent.stdout.readline())["pids"]
    parent.stdin.write("\n")
    parent.stdin.flush()
    assert json.loads(parent.stdout.readline())["pids"] == pids
    if end == "kill":
        parent.kill()
    parent.communicate()
    assert gone(pids)


def test_two_processes_start_a_server_each(script: Path) -> None:
    clients = [HttpClient(endpoint(script), "m", LocalServer(endpoint(script), "m")) for _ in range(2)]
    one, two = (ask(c)["pids"] for c in clients)
    assert not {*one} & {*two}
    for client in clients:
        client.close()
