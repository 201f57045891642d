"""What a training pass costs: tokens a CPU second by sequence length and rows together, pairs by the prompt's share.

python -m bench.train_cost [full|quick] [rounds]    default: full 3; writes .bench/train_cost.md and .svg

The model of bench.train on one thread, loss and gradient without the optimiser. Cases take turns, round after round.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch

from bench.chart import Line, Panel, chart
from bench.training import SETS, VOCAB, Sampler, size, write_model
from komainu.train.flat import flatten, laid, sequence_sums, target_logps
from komainu.train.narrow import narrowed
from komainu.train.render import Tokens
from komainu.train.weights import load_model, set_up_cpu

ROOT = Path(__file__).parents[1]
CPU = torch.device("cpu")
PACK = 4096  # tokens that documents of one length come to
PAIR = 500  # tokens of each document of a pair, prompt and answer
LENGTHS = (128, 256, 512, 1024, 2048, 4096)
SHARES = (0.0, 0.25, 0.5, 0.75, 0.95)
ROWS = (1, 2, 4, 8, 16, 32)
Unit = tuple[Tokens, ...]


@dataclass(frozen=True)
class Case:
    """A micro-batch; `count` is how many tokens or pairs it is. `even`: every target weighs the same."""

    units: tuple[Unit, ...]
    count: int
    even: bool = True


def document(dice: random.Random, length: int, prompt: Sequence[int]) -> Tokens:
    """`length` tokens that begin with `prompt`; the rest are targets."""
    rest = [int(VOCAB * dice.random()) for _ in range(length - len(prompt))]
    return Tokens("", [*prompt, *rest], [False] * len(prompt) + [True] * len(rest))


def of_length(length: int) -> Case:
    dice = random.Random(length)
    return Case(tuple((document(dice, length, ()),) for _ in range(PACK // length)), PACK)


def pairs(share: float, together: bool, count: int = 2) -> Case:
    """Pairs whose prompt is so much of each document, laid down once or twice."""
    dice = random.Random(round(share * 100))
    units: list[Unit] = []
    for _ in range(count):
        prompt = document(dice, round(share * PAIR), ()).ids
        both = (document(dice, PAIR, prompt), document(dice, PAIR, prompt))
        units += [both] if together else [(d,) for d in both]
    return Case(tuple(units), count, even=False)


def of_rows(rows: int, name: str = "cost") -> Case:
    """Rows like those of bench.train's SFT, other ones by another name."""
    dice = random.Random(0)
    units: list[Unit] = []
    for i in range(rows):
        sampler = Sampler(SETS["sft"], f"{name}:{i}")
        prompt = sampler.prompt()
        before = sum(map(size, prompt))
        units.append((document(dice, before + size(sampler.answer(prompt)), range(before)),))
    return Case(tuple(units), sum(map(laid, units)))


def cost(model: Any, case: Case) -> float:
    """CPU seconds of the loss and its gradient."""
    started = time.process_time()
    flat = flatten(case.units, CPU)
    with narrowed(model, flat.rows):
        logps = target_logps(model, flat, even=case.even)
        loss = -logps.double().sum()
        if not case.even:
            sums = sequence_sums(logps, flat).view(-1, 2)
            loss = -torch.nn.functional.logsigmoid(0.1 * (sums[:, 0] - sums[:, 1])).sum()
        torch.autograd.backward(loss)
    model.zero_grad(set_to_none=True)
    return time.process_time() - started


def tables(rates: dict[tuple[str, float], float]) -> Iterator[str]:
    """The three tables, as docs/performance.md has them."""

    def row(what: str, keys: Sequence[float], digits: int = 0) -> str:
        return " | ".join(f"{rates[what, k]:,.{digits}f}" for k in keys)

    yield f"| tokens of a document ({PACK:,} in all) | {' | '.join(f'{n:,}' for n in LENGTHS)} |"
    yield "|---" * (len(LENGTHS) + 1) + "|"
    yield f"| tokens a CPU second | {row('length', LENGTHS)} |\n"
    yield f"| rows together | {' | '.join(map(str, ROWS))} |"
    yield "|---" * (len(ROWS) + 1) + "|"
    yield f"| tokens a CPU second | {row('rows', ROWS)} |\n"
    yield f"| the prompt's share of each answer's {PAIR} tokens | {' | '.join(f'{s:g}' for s in SHARES)} |"
    yield "|---" * (len(SHARES) + 1) + "|"
    yield f"| pairs a CPU second, prompt once | {row('once', SHARES, 2)} |"
    yield f"| pairs a CPU second, prompt twice | {row('twice', SHARES, 2)} |"
    times = [rates["once", s] / rates["twice", s] for s in SHARES]
    yield f"| once / twice | {' | '.join(f'{t:.2f}' for t in times)} |"


def drawn(rates: dict[tuple[str, float], float]) -> str:
    def points(what: str) -> list[tuple[float, float]]:
        return [(k, v) for (name, k), v in rates.items() if name == what]

    return chart(
        (
            Panel("tokens a CPU second", "tokens of a document", (Line("", points("length")),), doubling=True),
            Panel("tokens a CPU second", "rows together", (Line("", points("rows")),), doubling=True),
            Panel(
                "pairs a CPU second",
                "the prompt's share",
                (Line("prompt once", points("once")), Line("prompt twice", points("twice"))),
            ),
        )
    )


def main(mode: str, rounds: int) -> None:
    work = ROOT / ".bench" / "train"
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "model").exists():
        write_model(work / "model")
    set_up_cpu(1)
    model = load_model(work / "model")
    cases = {("length", float(n)): of_length(n) for n in LENGTHS}
    cases |= {("rows", float(n)): of_rows(n) for n in ROWS}
    cases |= {(name, s): pairs(s, name == "once") for s in SHARES for name in ("once", "twice")}
    cost(model, of_rows(2))
    spent: dict[tuple[str, float], list[float]] = {key: [] for key in cases}
    for turn in range(1 if mode == "quick" else rounds):
        for key, case in cases.items():
            spent[key].append(cost(model, case))
            print(f"{turn + 1}: {key[0]} {key[1]:g}: {case.count / spent[key][-1]:.4g} a CPU s", file=sys.stderr)
    rates = {key: cases[key].count / median(some) for key, some in spent.items()}
    text = "\n".join(tables(rates))
    print(text)
    (ROOT / ".bench" / "train_cost.md").write_text(text + "\n", encoding="utf-8")
    (ROOT / ".bench" / "train_cost.svg").write_text(drawn(rates), encoding="utf-8")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(given[0] if given else "full", int(given[1]) if len(given) > 1 else 3)
