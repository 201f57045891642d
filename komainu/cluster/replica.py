"""One of the servers on other machines: `python -m komainu.cluster.replica FOLDER COMMAND... NUMBER`.

Picks a port of its machine, starts the command ({python}, {port}), and writes where it answers to NUMBER.json. Others
reach it at KOMAINU_HOST, or else at the machine's name. It ends when the folder or the signs of life in it end.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from komainu.cluster.replicas import ALIVE
from komainu.files import write_json
from komainu.models import guard
from komainu.models.local import free_port

PATIENCE = 120.0  # seconds without a sign of life
LOOK = 1.0


def main(argv: Sequence[str]) -> int:
    folder, number = Path(argv[0]), argv[-1]
    port = free_port()
    filled = [word.replace("{python}", sys.executable).replace("{port}", str(port)) for word in argv[1:-1]]
    server = subprocess.Popen([sys.executable, "-I", "-S", guard.__file__, *filled], stdin=subprocess.PIPE)
    host = os.environ.get("KOMAINU_HOST") or socket.getfqdn()
    write_json(folder / f"{number}.json", {"url": f"http://{host}:{port}/v1"})
    sign, heard = b"", time.monotonic()
    while time.monotonic() - heard < PATIENCE:
        try:
            return server.wait(LOOK)
        except subprocess.TimeoutExpired:
            pass
        try:
            found = (folder / ALIVE).read_bytes()
        except OSError:
            continue
        if found != sign:
            sign, heard = found, time.monotonic()
    assert server.stdin is not None
    server.stdin.close()
    return server.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
