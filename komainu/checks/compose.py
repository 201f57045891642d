"""Several checks over one answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from komainu.checks.base import Check
from komainu.rows import Chat


class Failure(NamedTuple):
    """One check that did not hold, and its reason."""

    name: str
    reason: str


def run(checks: Iterable[Check], chat: Chat) -> list[Failure]:
    """Every check that fails on `chat`, in the order given; empty when all hold."""
    return [Failure(check.name, reason) for check in checks if (reason := check(chat))]
