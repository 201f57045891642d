"""What becomes of rows that have been placed among those that stay, and the clusters that this makes."""

from __future__ import annotations

from collections import Counter
from typing import Any

from komainu.data.prepared import Verdict


class Ruling:
    """Names the row that stays for each that is dropped, and counts clusters.

    `measure` is what the similarity is called in meta; `reason` is counted. `names` are the rows that stay, in the
    order of their places; those of other sets come first, and `sets` says where each of these ends, and its label.
    Memory: the id of each row that stays, about 70 bytes.
    """

    def __init__(self, measure: str, reason: str) -> None:
        self.measure, self.reason = measure, reason
        self.names: list[str] = []
        self.sets: list[tuple[int, str]] = []
        self.copies: Counter[int] = Counter()  # rows dropped for each that stays

    def of(self, row: str, place: int | None, similarity: float) -> Verdict | None:
        if place is None:
            self.names.append(row)
            return None
        self.copies[place] += 1
        first, value = self.names[place], round(similarity, 4)
        label = next((label for end, label in self.sets if place < end), "")
        meta = {"duplicate_of": first, self.measure: value} | ({"duplicate_in": label} if label else {})
        inside = f" of {label}" if label else ""
        return Verdict(f"{self.reason}: of {first}{inside}, {self.measure.capitalize()} {value:.2f}", meta)

    def facts(self) -> dict[str, Any]:
        """How many clusters there are of each size, the row that stays counted in."""
        sizes = Counter(1 + copies for copies in self.copies.values())
        return {"clusters": {str(size): sizes[size] for size in sorted(sizes)}}
