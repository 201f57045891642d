"""Whole runs against servers that fail, hang and tell secrets: nothing lost, nothing twice, nothing told."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from aiohttp import web

from bench import chaos
from tests.core_fakes import ROOT
from tests.models.fake_server import Server, completion

KEY = "sk-planted-0123456789abcdef"
RUN = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); from komainu.cli import main; "
RUN += "sys.exit(main(sys.argv[1:]))"


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run of 150 items without any failure."""
    folder = tmp_path_factory.mktemp("calm")
    with chaos.serving(0.0) as stub:
        chaos.finish(folder, stub.url, 150)
    yield folder


def test_failures_in_thirty_percent_of_calls_change_no_answer_and_no_score(calm: Path, tmp_path: Path) -> None:
    with chaos.serving(chaos.SHARE) as stub:
        chaos.finish(tmp_path, stub.url, 150)
    assert chaos.compare(calm, tmp_path, 150) == []
    assert {*stub.faults} == {*chaos.FAULTS} and sum(stub.asked.values()) > 180
    told = chaos.faults_of(tmp_path)
    assert sum(told.values()) == sum(stub.faults.values()) and {*told} == {"infrastructure", "provider"}


def test_an_acknowledged_call_is_never_made_again_after_a_kill(calm: Path, tmp_path: Path) -> None:
    with chaos.serving(0.0) as stub:
        assert chaos.killed(tmp_path, stub, 150, 3, random.Random(0)) == []
    assert chaos.compare(calm, tmp_path, 150) == []


def test_the_comparison_sees_a_lost_a_doubled_and_a_changed_answer(calm: Path, tmp_path: Path) -> None:
    for path in calm.glob("store/*/*/rows.jsonl"):
        copy = tmp_path / path.relative_to(calm)
        copy.parent.mkdir(parents=True)
        lines = path.read_text().splitlines(keepends=True)
        copy.write_text("".join([lines[0], *lines[:-1]]).replace('"8"', f'"{chaos.MARK}"'))
    found = chaos.compare(calm, tmp_path, 150)
    assert len(found) == 5 and "150 items gave 150 answers, 149 of them of different items" in found
    assert found[-1] == "an error's words are in an artifact"


def run(folder: Path, endpoint: str, *words: str, **env: str) -> subprocess.Popen[str]:
    (folder / "komainu.toml").write_text(endpoint, encoding="utf-8")
    where = {"KOMAINU_STORE": str(folder / "store"), "KOMAINU_SETTINGS": str(folder / "komainu.toml")}
    command = [sys.executable, "-c", RUN, *words]
    full = {**os.environ, "PYTHONPATH": str(ROOT), **where, **env}
    return subprocess.Popen(command, cwd=ROOT, env=full, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_ctrl_c_ends_within_five_seconds_though_the_server_hangs_and_the_next_run_goes_on(
    server: Server, tmp_path: Path
) -> None:
    async def handler(request: web.Request, body: dict[str, Any]) -> web.Response:
        if len(server.bodies) > 20:
            await asyncio.sleep(60)
        return completion(chaos.said(body))

    server.handler = handler
    endpoint = f'[endpoints.stub]\nurl = "{server.url}"\nconcurrency = 8\n'
    process = run(tmp_path, endpoint, "run", "bench.chaos:scores", "n=100")
    while len(server.bodies) < 28 or len(chaos.acknowledged(tmp_path)) < 20:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    _, err = process.communicate(timeout=20)
    assert time.monotonic() - started < 5 and process.returncode == 130
    assert "run the same command again to resume" in err and "Traceback" not in err
    server.handler = lambda request, body: completion(chaos.said(body))
    before = len(server.bodies)
    again = run(tmp_path, endpoint, "run", "bench.chaos:scores", "n=100")
    assert (again.communicate(), again.returncode)[1] == 0
    assert len(server.bodies) - before == 80


TELLS = dedent(
    """
    import json, os, sys
    from http.server import BaseHTTPRequestHandler, HTTPServer
    open(sys.argv[2], "w").write(json.dumps(dict(os.environ)))
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200); self.end_headers()
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(400); self.end_headers(); self.wfile.write(b"maximum context length is 3")
        def log_message(self, *args): pass
    HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
    """
)


@pytest.mark.parametrize("end", ["answers", "fails"])
def test_a_planted_key_is_nowhere_but_in_the_request(server: Server, tmp_path: Path, end: str) -> None:
    def handler(request: web.Request, body: dict[str, Any]) -> web.Response:
        over = end == "fails" and len(server.bodies) > 40
        if over or len(server.bodies) % 3 == 1:
            words = {"error": {"message": f"bad key {KEY}", "headers": dict(request.headers)}}
            told = {"X-Key": KEY, "Retry-After": "0.01", "Location": f"http://x/{KEY}"}
            return web.json_response(words, status=401 if over else 500, headers=told)
        return completion(f"your key is {KEY}", reasoning_content=f"{KEY}?", provider=KEY)

    server.handler = handler
    (tmp_path / "tells.py").write_text(TELLS)
    endpoint = f'[endpoints.stub]\nurl = "{server.url}?token={KEY}"\nkey = "PLANTED"\ntries = 9\n'
    process = run(tmp_path, endpoint, "run", "bench.chaos:scores", "n=40", "--json", PLANTED=KEY)
    out, err = process.communicate(timeout=60)
    assert process.returncode == (1 if end == "fails" else 0), err
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    start = [sys.executable, str(tmp_path / "tells.py"), "{port}", str(tmp_path / "environment")]
    (tmp_path / "child").mkdir()
    child = f'[endpoints.stub]\nstart = {json.dumps(start)}\n[endpoints.other]\nurl = "http://x"\nkey = "PLANTED"\n'
    process = run(tmp_path / "child", child, "run", "bench.chaos:scores", "n=4", PLANTED=KEY)
    out, err = (a + b for a, b in zip((out, err), process.communicate(timeout=60), strict=True))
    told = json.loads((tmp_path / "environment").read_text())
    assert "PLANTED" not in told and "PATH" in told
    (tmp_path / "komainu.toml").unlink()  # the token in the url is the user's own line
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert any(p.name == "calls.sqlite" for p in files) and "bad key ***" in err
    assert [p for p in files if KEY.encode() in p.read_bytes()] == []
    assert KEY not in out + err
