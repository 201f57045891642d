"""The family's table: which benches it shows, in which unit, and what its averages are of."""

from __future__ import annotations

from typing import NamedTuple


class Shown(NamedTuple):
    """A column: one metric of one bench, shown from 0 to `unit`, as is customary for it. `own`: not its mean over items
    is comparable with other people's, but the bench's own average (`Bench.own`)."""

    key: str
    name: str
    bench: str
    metric: str
    unit: float
    digits: int = 2
    own: bool = False


class Mean(NamedTuple):
    """An average: the mean of all its parts, each taken to 0 to 100, shown from 0 to `unit`."""

    key: str
    name: str
    of: tuple[Shown, ...]
    unit: float = 100.0
    digits: int = 2


ELYZA = Shown("elyza", "ELYZA", "elyza_tasks_100", "score", 10)
JA_MT = Shown("ja_mt", "JA-MT", "ja_mt_bench_1shot", "score", 10)
RAKUDA = Shown("rakuda", "Rakuda", "rakuda", "score", 10)
TENGU = Shown("tengu", "Tengu", "tengu_bench", "score", 10)
LLM_JP_EVAL = Shown("llm_jp_eval", "llm-jp-eval", "llm_jp_eval", "score", 1, own=True)
JP_IFEVAL = Shown("jp_ifeval", "jp-ifeval", "jp_ifeval", "strict", 1)
RP_BENCH = Shown("rp_bench", "rp-bench", "rp_bench", "total", 5)
TL_BENCH = Shown("tl_bench", "tl-bench", "tl_bench", "lt", 10)
MIXEVAL = Shown("mixeval", "MixEval", "mixeval_full", "score", 1)
LIVEBENCH = Shown("livebench", "LiveBench", "livebench:2024-11-25", "score", 100, 1, own=True)
IFEVAL = Shown("ifeval", "IFEval", "ifeval", "prompt_strict", 1)
EVALPLUS = Shown("evalplus", "EvalPlus", "evalplus", "plus", 1, own=True)

SHABERI = Mean("shaberi", "Shaberi", (ELYZA, JA_MT, RAKUDA, TENGU), 10)
JA = Mean("ja_avg", "JA AVG", (*SHABERI.of, LLM_JP_EVAL, JP_IFEVAL, RP_BENCH, TL_BENCH))
EN = Mean("en_avg", "EN AVG", (MIXEVAL, LIVEBENCH, IFEVAL, EVALPLUS))
MEANS = (JA, EN, SHABERI)
PARTS = (*JA.of, *EN.of)
