"""The whole chain beside another's: our side does the work, and the table tells what was planted and what is left."""

from __future__ import annotations

from pathlib import Path

from bench.chain import OURS, Run, corpus, run, table
from bench.corpus import planted
from bench.filters import TROVE


def test_ours_finds_what_was_planted_in_files_that_lie_in_a_folder(tmp_path: Path) -> None:
    corpus(tmp_path / "chain", 400)
    assert len(list((tmp_path / "chain" / "rows").iterdir())) == 8
    found = run(OURS, tmp_path / "chain", 1, tmp_path)
    assert found.kept == {i for i in range(400) if not planted(0, i)}
    assert found.wall > 0 and found.cpu > 0


def test_the_table_has_ratios_round_by_round_and_the_share_dropped_of_each_kind() -> None:
    clean = {i for i in range(2000) if not planted(0, i)}
    half = {i for i in clean if i % 2} | {i for i in range(2000) if planted(0, i) == "near"}
    ours = [Run(1.0, 2.0, 100.0, clean), Run(4.0, 4.0, 100.0, clean)]
    other = [Run(10.0, 16.0, 300.0, half), Run(12.0, 16.0, 300.0, half)]
    lines = [*table(2000, 2, {OURS: ours, TROVE: other})]
    assert lines[4] == "| komainu | 2.5 | 800 | 1,500 | 1.0 | 1.0 | 100 |"
    assert lines[5] == f"| {TROVE} | 11.0 | 182 | 8,000 | 6.0 | 6.5 | 300 |"
    head, _, first, second = lines[-4:]
    kinds = [cell.split(" (")[0] for cell in head.strip("| ").split(" | ")[1:]]
    shares = dict(zip(kinds, second.strip("| ").split(" | ")[1:], strict=True))
    assert first.endswith("| 0.00% |") and shares["near"] == "0.00%" and shares["loop"] == "100.00%"
    lost = 1 - sum(i % 2 for i in clean) / len(clean)
    assert shares["nothing"] == f"{lost:.2%}"
