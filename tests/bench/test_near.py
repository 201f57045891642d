"""The benchmark of near-duplicates: equal records every time, and a table that counts right and wrong removals."""

from __future__ import annotations

from bench.dedup.corpus import KINDS, records
from bench.near import ENGINES, Run, table, truth


def test_equal_sizes_give_equal_records_and_a_tenth_are_copies_of_earlier_ones() -> None:
    made = [*records(400)]
    assert made == [*records(400)]
    copies = [(place, record) for place, record in enumerate(made) if record.of >= 0]
    assert 20 < len(copies) < 60 and {record.kind for _, record in copies} == {*KINDS}
    assert all(record.of < place and made[record.of].of < 0 for place, record in copies)


def test_the_table_counts_copies_found_and_rows_removed_wrongly() -> None:
    found = truth([*records(400)])
    assert all(value == 1 for place, value in found.similar.items() if found.records[place].kind == "form")
    near = sorted(found.near())
    assert 0 < len(near) <= len(found.similar)
    wrong = next(place for place in range(400) if place not in found.similar)
    runs = {engine: [Run(2.0, 1.0, 30.0, near)] for engine in ENGINES}
    runs[ENGINES[-1]] = [Run(4.0, 2.0, 30.0, [*near[1:], wrong])]
    lines = [*table(found, runs)]
    ours, other = lines[4], lines[3 + len(ENGINES)]
    assert ours.endswith("| 1.000 | 0 |") and "| 400 | 1.0 | 1.0 | 2.0 | 30 |" in ours
    assert other.endswith(f"| {1 - 1 / len(near):.3f} | 1 |") and "| 200 | 2.0 | 2.0 | 4.0 | 30 |" in other
