"""Stores for the studio's tests: one whose every text is hostile, and one in which something is being built."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from komainu.store import Store
from tests.core_fakes import Join, Source
from tests.core_fakes import context as plain
from tests.eval.view_world import HOSTILE, board, say
from tests.eval.world import context

TUNED = "tune/0123456789ab"


def family(root: Path) -> tuple[Store, Join]:
    """Two sources, what joins them, and its name."""
    ctx, stage = plain(root), Join(parts=(Source(n=3), Source(n=4, word="shared")))
    ctx.store.build(stage, ctx)
    ctx.store.name("family", stage)
    return ctx.store, stage


def hostile(root: Path, n: int = 24) -> tuple[Store, str]:
    """A store with a board, named in hostile ways, and a training that stopped; the board's reference."""
    ctx, stage = context(root, say), board(n)
    artifact = ctx.store.build(stage, ctx)
    for text in HOSTILE[::4]:
        ctx.store.name(text, stage)
    metrics(root, 4, {HOSTILE[0]: 0.5, HOSTILE[3]: 1.5})
    return ctx.store, artifact.ref


def metrics(root: Path, steps: int, more: dict[str, float] | None = None, of: int = 10) -> Path:
    """What a training of `of` steps has written after some of them; the last line is cut."""
    work = root / TUNED / ".work"
    work.mkdir(parents=True, exist_ok=True)
    (work / "steps.json").write_text(json.dumps({"steps": of}))
    with open(work / "metrics.jsonl", "w", encoding="utf-8") as file:
        for step in range(steps):
            line = {"step": step, "loss": 2.0 / (step + 1), "tokens": 400, "tokens_per_s": 200.0, **(more or {})}
            file.write(json.dumps(line) + "\n")
        file.write('{"step": 99, "lo')
    return work / "metrics.jsonl"


@contextmanager
def training(root: Path, steps: int = 4) -> Iterator[Store]:
    """A store in which a training is going on while the block runs."""
    metrics(root, steps)
    store = Store(root)
    with store.lock(TUNED.partition("/")[2]):
        yield store
