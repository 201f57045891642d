"""One small family, built once: the tests of the release wing look at it and build variants of its pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from komainu.context import Context
from tests.release.world import Family, build, context


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "gguf: needs llama-cpp-python and a checkout of llama.cpp (`make test-gguf`)")


class Built(NamedTuple):
    """A built family: its context, the directories of its card and report, and the board's numbers."""

    family: Family
    ctx: Context
    card: Path
    report: Path
    board: dict[str, Any]

    @property
    def readme(self) -> str:
        return (self.card / "README.md").read_text(encoding="utf-8")

    @property
    def html(self) -> str:
        return (self.report / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    family, ctx = Family(n=30), context(tmp_path_factory.mktemp("family"))
    report = build(family.report(), ctx)
    board = json.loads((build(family.board, ctx) / "board.json").read_bytes())
    return Built(family, ctx, build(family.card(), ctx), report, board)
