"""One thing that the doctor has looked at."""

from __future__ import annotations

from typing import Literal, NamedTuple

State = Literal["ok", "lacks", "bad"]


class Finding(NamedTuple):
    """One thing looked at. `bad` must be mended before a run, `lacks` only matters for what needs it.

    `advice` says how to get it: names of Debian packages, of extras of ours, of settings.
    """

    name: str
    state: State
    text: str
    advice: str = ""
