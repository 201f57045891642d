"""`komainu studio`: the store as pages in a browser, until Ctrl-C."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from komainu import settings
from komainu.cli_verbs import Outcome


def studio(host: str, port: int, token: str, write: bool, votes: Path) -> Outcome:
    """Serve the store; asks and builds nothing. The address is told once the socket is bound."""
    from komainu.studio.serving import address, listening, prepared, serve

    made, new = prepared(settings.load(), host, token, write)
    made = replace(made, votes=votes.absolute())
    sock = listening(host, port)
    url = address(host, sock.getsockname()[1], new)
    ways = "votes are written" if write else "read-only"
    lines = [f"{made.store.root} at {url} ({ways}); Ctrl-C ends it"]
    if token:
        lines.append(f"its token is the one in {token}: open {url}?token=...")
    return Outcome({"url": url, "store": str(made.store.root), "write": write}, lines, then=lambda: serve(made, sock))
