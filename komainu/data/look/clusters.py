"""Groups of rows that say the same: each row that stays, with those that were dropped for it."""

from __future__ import annotations

from typing import Any

from komainu.data.clusters import MEASURES
from komainu.data.look.earlier import Finder, texts
from komainu.data.look.entry import Held


class Clusters:
    """Read from what steps say of a dropped row: `meta["duplicate_of"]`. Memory: about 150 bytes a row."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.members: dict[tuple[str, str, str], list[list[Any]]] = {}

    def add(self, number: int, held: Held) -> None:
        """The next row, in the order of the site."""
        meta = held.row.meta
        if held.step and "duplicate_of" in meta:
            alike = next((meta[key] for key in MEASURES if key in meta), 1)
            key = (str(meta["duplicate_of"]), held.step, str(meta.get("duplicate_in", "")))
            self.members.setdefault(key, []).append([number, alike])
        self.numbers.setdefault(held.row.id, number)

    def json(self, made_of: Finder, compared: Finder) -> list[dict[str, Any]]:
        """The largest first: the row that stays by its id and, where it is on the site, its number; the step; the
        number of each dropped row, and how alike it is. Where it is not on the site, the set it stands in and its
        turns, as far as they are in the store."""
        found = []
        for (id, step, inside), members in sorted(
            self.members.items(), key=lambda each: (-len(each[1]), each[1][0][0])
        ):
            number = None if inside else self.numbers.get(id)
            elsewhere = next((compared if inside else made_of).find(id), None) if number is None else None
            turns = [[role, [text], ""] for role, text in texts(elsewhere.row)] if elsewhere else []
            found.append({"id": id, "step": step, "inside": inside, "row": number, "of": members, "turns": turns})
        return found
