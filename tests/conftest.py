"""Hypothesis without a clock: how long an example takes is the machine's business."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("komainu", deadline=None)
settings.load_profile("komainu")
