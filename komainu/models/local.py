"""A model server started here when first asked, and gone when this process is gone."""

from __future__ import annotations

import logging
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import weakref
from dataclasses import dataclass
from typing import IO

from komainu.errors import EndpointError, UsageError
from komainu.models import guard
from komainu.models.direct import opened
from komainu.settings import Endpoint

log = logging.getLogger("komainu")
LINES = 12  # of the server's output shown when it fails


@dataclass
class Running:
    """One started server: the guard process over it, where it answers, and what it printed."""

    process: subprocess.Popen[bytes]
    port: int
    output: IO[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def tail(self) -> str:
        self.output.seek(max(0, self.output.seek(0, os.SEEK_END) - 20_000))
        lines = self.output.read().decode("utf-8", "replace").splitlines()[-LINES:]
        return "\n".join(f"  {line}" for line in lines) or "  (it printed nothing)"


class LocalServer:
    """The server of an endpoint with a `start` command; each process that asks starts its own.

    {python} and {port} in the command are filled in. Ready means that GET `ready` answers 200; the endpoint's
    `timeout` bounds the wait. The server gets none of the environment variables in `keys`. It ends with
    this process, however this process ends. It answers at `port`, or at any free one.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        name: str,
        keys: frozenset[str] = frozenset(),
        port: int = 0,
        ready: str = "/v1/models",
    ) -> None:
        if not any("{port}" in part for part in endpoint.start):
            raise UsageError(f"endpoint {name!r}: `start` must hold {{port}}, the port the server is to answer at")
        self.endpoint, self.name, self.keys, self.port, self.ready = endpoint, name, keys, port, ready
        self.running: Running | None = None
        self.lock = threading.Lock()
        self._stop: weakref.finalize[[Running], LocalServer] | None = None

    def url(self) -> str:
        """Where it answers; started, or started again after it died, when it does not run."""
        with self.lock:
            if self.running is None or self.running.process.poll() is not None or not listens(self.running.port):
                self._close()
                self.running = self._start()
            return self.running.url

    def urls(self) -> tuple[str, ...]:
        return (self.url(),)

    def fate(self) -> str:
        """How it ended and its last words; empty while it runs."""
        running = self.running
        if running is None or running.process.poll() is None:
            return ""
        return f" The server ended with code {running.process.returncode}; its last words:\n{running.tail()}"

    def close(self) -> None:
        """End the server and wait for it."""
        with self.lock:
            self._close()

    def _close(self) -> None:
        if self._stop is not None:
            self._stop()
        self._stop = self.running = None

    def _start(self) -> Running:
        port = free_port(self.port)
        filled = {"{python}": sys.executable, "{port}": str(port)}
        command = [re.sub(r"\{python\}|\{port\}", lambda m: filled[m[0]], part) for part in self.endpoint.start]
        environment = {k: v for k, v in os.environ.items() if k not in self.keys}
        output = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the server
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )
        running = Running(process, port, output)
        self._stop = weakref.finalize(self, stop, running)
        log.info("start the server of %s at %s", self.name, running.url)
        self._wait(running, command)
        return running

    def _wait(self, running: Running, command: list[str]) -> None:
        deadline = time.monotonic() + self.endpoint.timeout
        pause = 0.02
        while not answers(f"http://127.0.0.1:{running.port}{self.ready}"):
            dead = running.process.poll() is not None
            if dead or time.monotonic() > deadline:
                why = "ended" if dead else f"did not answer within {self.endpoint.timeout:g} s"
                message = (
                    f"endpoint {self.name!r}: the server started with {shlex.join(command)} {why} before GET "
                    f"{self.ready} answered; mend it in komainu.toml. Its last words:\n{running.tail()}"
                )
                self._close()
                raise EndpointError(message)
            time.sleep(pause)
            pause = min(2 * pause, 0.5)


def stop(running: Running) -> None:
    """Close the guard's standard input, wait for it to end the group, and make sure."""
    process = running.process
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(guard.GRACE + 2)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    running.output.close()


def free_port(wanted: int = 0) -> int:
    """A port of this machine that nobody listens at; raises UsageError when the wanted one is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise UsageError(f"port {wanted} cannot be had: {error.strerror}; name another one") from None
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Whether anyone takes connections at a port of this machine; a server too busy to answer does."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return False
    except OSError:
        pass
    return True


def answers(url: str) -> bool:
    """Whether a GET is answered with 200; never through a proxy."""
    try:
        with opened(url, timeout=5) as response:
            return int(response.status) == 200
    except (urllib.error.URLError, OSError, ValueError):
        return False
