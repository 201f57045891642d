"""The measurement for a GPU runs whole: in miniature, on a CPU."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import gpu


def test_every_case_of_the_gpu_bench_runs_and_a_stopped_one_ends_as_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "ROOT", tmp_path)
    lines = gpu.main("tiny", "h100", 3).splitlines()[2:]
    cells = {line.split(" | ")[0].removeprefix("| "): line.removesuffix(" |").split(" | ") for line in lines}
    eight = "SFT, 8-bit AdamW"
    assert [*cells] == [
        "SFT",
        "SFT in blocks",
        "SFT, stopped and gone on",
        eight,
        f"{eight}, stopped and gone on",
        "DPO",
    ]
    assert all(cells[name][-1] == cells[f"{name}, stopped and gone on"][-1] for name in ("SFT", eight))
    assert cells["DPO"][1].endswith(" pairs") and all("%" in found[2] for found in cells.values())
