"""What is shown and counted while a model is asked."""

from __future__ import annotations

import threading
import time

from komainu.models.calls import Entry
from komainu.progress import Progress


class Meter:
    """Counts over threads: questions sent to a client, and replies that needed none."""

    def __init__(self) -> None:
        self.asked = self.hits = 0
        self.lock = threading.Lock()

    def count(self, asked: int, hits: int) -> None:
        with self.lock:
            self.asked += asked
            self.hits += hits


class Asking(Progress):
    """`asking NAME 120/900 [31 s, about 201 s left] 3.9 calls/s, 0.12 USD`."""

    def __init__(self, total: int, name: str, currency: str) -> None:
        super().__init__(total, f"asking {name}")
        self.currency, self.money = currency, 0.0

    def came(self, entries: list[Entry]) -> None:
        """These have come; what they cost is shown where the model has a price."""
        self.money += sum(e.money or 0.0 for e in entries)
        spent = max(1e-9, time.monotonic() - self.started)
        note = f"{(self.done + len(entries)) / spent:.1f} calls/s"
        priced = any(e.money is not None for e in entries) or self.money
        self.update(len(entries), f"{note}, {self.money:.4g} {self.currency}" if priced else note)
