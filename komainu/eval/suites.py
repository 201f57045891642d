"""The suites: which benchmarks there are, and how a model is sampled on each.

A benchmark is a function that takes a Shelf and returns tasks; it is called by its function's name, with hyphens.
A suite is a function that returns benchmarks: to add one to a suite is a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from komainu.errors import UsageError
from komainu.eval.bench import ifeval as ifeval_
from komainu.eval.bench.ifeval import IFEval, IFEvalItems
from komainu.eval.bench.m_ifeval import MIFEval, MIFEvalItems
from komainu.eval.items import Items, Published
from komainu.eval.shelf import NotAtHand, Shelf


class Task(NamedTuple):
    """A bench, the items it is about, and how a model is sampled on them."""

    items: Items
    bench: Published
    temperatures: tuple[float, ...] = (0.0,)  # each item is asked at each of them
    max_tokens: int = 2048
    samples: int = 1


Benchmark = Callable[[Shelf], tuple[Task, ...]]  # raises NotAtHand when its items are nowhere
Suite = Callable[[], tuple[Benchmark, ...]]


def ifeval(shelf: Shelf) -> tuple[Task, ...]:
    """IFEval, greedy."""
    hub = ifeval_.HUB
    names = ("ifeval_input_data.jsonl", "ifeval_en_541.jsonl")
    home = f"the hub's dataset {hub.repo} at {hub.revision}"
    return (Task(IFEvalItems(source=shelf.source(*names, home=home, hub=hub)), IFEval()),)


def m_ifeval(shelf: Shelf) -> tuple[Task, ...]:
    """The Japanese part of M-IFEval, greedy."""
    names = ("ja_input_data.jsonl", "m_ifeval_ja_172.jsonl")
    return (Task(MIFEvalItems(source=shelf.source(*names, home="github.com/lightblue-tech/M-IFEval")), MIFEval()),)


def en() -> tuple[Benchmark, ...]:
    """English."""
    return (ifeval,)


def ja() -> tuple[Benchmark, ...]:
    """Japanese."""
    return (m_ifeval,)


def both() -> tuple[Benchmark, ...]:
    """Japanese and English."""
    return (*ja(), *en())


SUITES: dict[str, Suite] = {"en": en, "ja": ja, "all": both}


def benchmarks(suite: Suite = both) -> dict[str, Benchmark]:
    """The benchmarks of a suite by their names."""
    return {benchmark.__name__.replace("_", "-"): benchmark for benchmark in suite()}


def at_hand(wanted: Mapping[str, Benchmark], shelf: Shelf) -> tuple[list[Task], dict[str, str]]:
    """The tasks of the benchmarks whose items are at hand, and for each of the others how to get them.

    Raises UsageError when there are none.
    """
    tasks: list[Task] = []
    lacking: dict[str, str] = {}
    for name, benchmark in wanted.items():
        try:
            tasks += benchmark(shelf)
        except NotAtHand as error:
            lacking[name] = str(error)
    if not tasks:
        raise UsageError("no items are at hand:\n" + "\n".join(f"  {name}: {how}" for name, how in lacking.items()))
    return tasks, lacking
