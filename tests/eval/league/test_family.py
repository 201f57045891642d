"""The family's averages, from the figures of the published table."""

from __future__ import annotations

from pathlib import Path

import pytest

from komainu.eval.base import Bench
from komainu.eval.bench.evalplus import EvalPlus
from komainu.eval.bench.ifeval import IFEval
from komainu.eval.bench.jp_ifeval.bench import JpIFEval
from komainu.eval.bench.llm_jp_eval.bench import LlmJpEval
from komainu.eval.bench.mixeval.free import MixEvalFull
from komainu.eval.bench.rp_bench.bench import RpBench
from komainu.eval.bench.shaberi.elyza import Elyza
from komainu.eval.bench.shaberi.ja_mt_bench import JaMtBench
from komainu.eval.bench.shaberi.rakuda import Rakuda
from komainu.eval.bench.shaberi.tengu import Tengu
from komainu.eval.bench.tl_bench.bench import TlBench
from komainu.eval.external.livebench import LiveBenchTold
from komainu.eval.family import EN, JA, PARTS, SHABERI
from komainu.eval.league.columns import Entrant, columns
from tests.eval.league.world import full, numbers

KEYS = [part.key for part in PARTS]
PUBLISHED = Path(__file__).with_name("published.md").read_text()  # as the model card of Shisa V2 has it
ROUNDING = {"ja_avg": 0.17, "en_avg": 0.39, "shaberi": 0.005}  # the most by which rounded parts can move an average


def published() -> list[tuple[str, dict[str, float]]]:
    lines = (line.strip("| ").split(" | ") for line in PUBLISHED.splitlines()[2:])
    keys = ["ja_avg", "en_avg", "shaberi", *KEYS]
    return [(name, dict(zip(keys, map(float, values), strict=True))) for name, *values in lines]


@pytest.mark.parametrize(("model", "told"), published())
def test_the_averages_come_out_of_the_published_parts(model: str, told: dict[str, float]) -> None:
    """Within 0.3; what is left is the rounding of the parts, 2 decimals of a share are half a point of 100."""
    found = {c.key: c.cells[Entrant(model, f"id of {model}")].value for c in columns(numbers(full(model, told)))}
    for key in ("ja_avg", "en_avg", "shaberi"):
        value = found[key]
        assert value is not None
        assert abs(value - told[key]) < 0.3 and abs(value - told[key]) < ROUNDING[key] + 0.005
    assert all(found[key] == pytest.approx(told[key]) for key in KEYS)


def test_the_rounding_that_is_allowed_for_is_what_the_decimals_allow() -> None:
    """Half of the last decimal of each part, on 0 to 100, averaged."""
    for mean in (JA, EN, SHABERI):
        steps = [mean.unit / part.unit * 0.5 * 10**-part.digits for part in mean.of]
        assert sum(steps) / len(steps) == pytest.approx(ROUNDING[mean.key], abs=0.003)


def test_every_part_is_a_metric_of_a_bench_of_ours() -> None:
    benches: list[type[Bench]] = [Elyza, JaMtBench, Rakuda, Tengu, LlmJpEval, JpIFEval, RpBench, TlBench, MixEvalFull]
    benches += [LiveBenchTold, IFEval, EvalPlus]
    assert [(bench.name, bench.metrics[0]) for bench in benches] == [(part.bench, part.metric) for part in PARTS]
    own = [part.name for part, bench in zip(PARTS, benches, strict=True) if bench.own is not Bench.own]
    assert own == [part.name for part in PARTS if part.own]


def test_the_table_is_the_familys() -> None:
    assert [part.name for part in JA.of] == [
        *("ELYZA", "JA-MT", "Rakuda", "Tengu", "llm-jp-eval", "jp-ifeval", "rp-bench", "tl-bench")
    ]
    assert [part.name for part in EN.of] == ["MixEval", "LiveBench", "IFEval", "EvalPlus"]
    assert [100 / part.unit for part in PARTS] == [10, 10, 10, 10, 100, 100, 20, 10, 100, 1, 100, 100]
