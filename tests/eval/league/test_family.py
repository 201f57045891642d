"""The family's averages, from the figures of the published table."""

from __future__ import annotations

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
PUBLISHED = """
shisa-v2-unphi4-14b 75.89 60.10 8.50 8.45 8.84 8.96 7.73 0.62 0.43 4.76 6.79 0.53 40.7 0.67 0.80
gemma-3-12b-it 75.15 62.10 8.48 8.34 8.67 9.02 7.88 0.60 0.35 4.64 7.40 0.44 45.3 0.83 0.76
shisa-v2-mistral-nemo-12b 72.83 53.33 8.46 8.38 8.79 9.06 7.63 0.58 0.31 4.55 6.39 0.39 33.4 0.74 0.68
phi-4 72.47 61.14 8.48 8.49 8.65 9.11 7.68 0.58 0.35 4.55 5.62 0.52 42.1 0.69 0.81
Mistral-Nemo-Japanese-Instruct-2408 71.12 48.00 8.28 8.11 8.55 9.21 7.24 0.58 0.26 4.59 6.25 0.34 28.5 0.62 0.67
Qwen2.5-14B-Instruct 71.02 62.54 8.27 8.15 8.64 8.70 7.59 0.63 0.34 4.51 5.03 0.52 41.4 0.81 0.76
Mistral-Nemo-Instruct-2407 58.44 48.07 7.68 7.29 8.03 8.68 6.73 0.55 0.13 3.60 2.11 0.31 30.0 0.64 0.68
"""  # JA AVG, EN AVG, Shaberi, then the parts in the table's order, as the model card of Shisa V2 gives them
ROUNDING = {"ja_avg": 0.17, "en_avg": 0.39, "shaberi": 0.005}  # the most by which rounded parts can move an average


def published() -> list[tuple[str, dict[str, float]]]:
    lines = (line.split() for line in PUBLISHED.split("\n") if line)
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
