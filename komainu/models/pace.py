"""A limit by the minute: requests, or tokens, spread evenly."""

from __future__ import annotations


class Pace:
    """At most `rate` a minute, without bursts, so that no minute on the server's clock ever sees more."""

    def __init__(self, rate: float) -> None:
        self.each = 60.0 / rate  # seconds that one takes up
        self.free = 0.0  # when the next may start

    def wait(self, amount: float, now: float) -> float:
        """Take up so much; returns the seconds to wait before starting."""
        start = max(self.free, now)
        self.free = start + amount * self.each
        return start - now

    def correct(self, amount: float) -> None:
        """So much more was used than was taken up; less when negative."""
        self.free += amount * self.each
