"""`komainu studio`: which addresses it is bound to, and where its token comes from."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import pytest

from komainu.errors import UsageError
from komainu.settings import Settings
from komainu.studio.base import LOOPBACK
from komainu.studio.serving import address, is_loopback, listening, prepared, studio_for
from tests.core_fakes import ROOT

STRANGE = ["0.0.0.0", "::", "", "10.0.0.1", "gpu1.example", "127.0.0.1.example", "localhost.example"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_this_machine_alone_needs_no_token(host: str) -> None:
    studio, made = prepared(Settings(), host, "", False)
    assert (studio.token, made, studio.hosts) == ("", "", LOOPBACK)


@pytest.mark.parametrize("host", STRANGE)
def test_what_others_can_reach_is_refused_without_a_token(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(UsageError, match="--token"):
        studio_for(Settings(), host, "", False)


def test_a_token_is_made_anew_each_time_or_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    (first, one), (_, other) = (prepared(Settings(), "0.0.0.0", "", False) for _ in range(2))
    assert first.token == one != other and len(one) >= 32
    monkeypatch.setenv("STUDIO_TOKEN", "0123456789abcdef")
    studio, made = prepared(Settings(), "127.0.0.1", "STUDIO_TOKEN", True)
    assert (studio.token, made, studio.write) == ("0123456789abcdef", "", True)


@pytest.mark.parametrize("value", ["", "short"])
def test_a_variable_without_a_token_is_refused_and_not_told(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_TOKEN", value)
    with pytest.raises(UsageError, match="STUDIO_TOKEN must hold") as error:
        prepared(Settings(), "127.0.0.1", "STUDIO_TOKEN", False)
    assert not value or value not in str(error.value)


def test_a_port_that_is_taken_is_told_with_the_way_out() -> None:
    with listening("127.0.0.1", 0) as one, pytest.raises(UsageError, match="--port"):
        listening("127.0.0.1", one.getsockname()[1])


def test_the_address_can_be_opened() -> None:
    assert address("::1", 80) == "http://[::1]:80/" and address("h", 1, "t") == "http://h:1/?token=t"


def test_the_command_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "komainu.cli", "studio", "--port", "0", "--json"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "KOMAINU_STORE": str(tmp_path / "store")}
    with subprocess.Popen(words, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        told = json.loads(process.stdout.readline())
        connection = HTTPConnection("127.0.0.1", int(told["url"].split(":")[2].strip("/")), timeout=30)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200 and told["write"] is False
        connection.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) in (0, 130) and b"Traceback" not in process.stderr.read()
