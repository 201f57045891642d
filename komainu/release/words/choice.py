"""The languages that a card can be written in."""

from __future__ import annotations

from collections.abc import Mapping

from komainu.release.words import en, ja
from komainu.release.words.base import Words

WORDS: Mapping[str, Words] = {"en": en, "ja": ja}
