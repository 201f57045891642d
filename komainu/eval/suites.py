"""The suites: which benchmarks there are, and how a model is sampled on each.

A benchmark is a function that takes a Shelf and returns tasks; it is called by its function's name, with hyphens.
A suite is a function that returns benchmarks: to add one to a suite is a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from komainu.errors import UsageError
from komainu.eval.base import Answers, Bench
from komainu.eval.bench.evalplus import EvalPlus, EvalPlusItems
from komainu.eval.bench.ifeval import HUB as IFEVAL
from komainu.eval.bench.ifeval import IFEval, IFEvalItems
from komainu.eval.bench.jp_ifeval.bench import JpIFEval, JpIFEvalItems
from komainu.eval.bench.jp_ifeval.temperatures import TEMPERATURES
from komainu.eval.bench.llm_jp_eval.bench import LlmJpEval, LlmJpEvalSimilarity, LlmJpEvalTranslation
from komainu.eval.bench.llm_jp_eval.datasets import DATASETS
from komainu.eval.bench.llm_jp_eval.items import LlmJpEvalItems
from komainu.eval.bench.m_ifeval import MIFEval, MIFEvalItems
from komainu.eval.bench.mixeval.bench import MixEval, MixEvalHard
from komainu.eval.bench.mixeval.items import CHOICE, MixEvalItems
from komainu.eval.bench.mixeval.items import HUB as MIXEVAL
from komainu.eval.bench.programs.problems import FILES
from komainu.eval.items import Items, Published
from komainu.eval.shelf import NotAtHand, Shelf


class Task(NamedTuple):
    """A bench, the items it is about, and how a model is sampled on them.

    `answers` makes the stage that asks: a class of Answers, or a function of its fields. `unjudged` is what is asked in
    place of a bench that needs judges where there are none.
    """

    items: Items
    bench: Bench
    temperatures: tuple[float, ...] = (0.0,)  # each item is asked at each of them
    max_tokens: int = 2048
    samples: int = 1
    beside: tuple[Published, ...] = ()  # benches that look at the same answers and are in no headline
    answers: Callable[..., Answers] = Answers
    unjudged: tuple[Task, ...] = ()

    def without_judges(self) -> tuple[Task, ...]:
        return self.unjudged if self.bench.needs_judges else (self,)


class AtHand(NamedTuple):
    """What can be asked; how to get the items of the others; what is not asked for want of judges, and why."""

    tasks: list[Task]
    lacking: dict[str, str]
    unjudged: dict[str, str]


Benchmark = Callable[[Shelf], tuple[Task, ...]]  # raises NotAtHand when its items are nowhere
Suite = Callable[[], tuple[Benchmark, ...]]


def ifeval(shelf: Shelf) -> tuple[Task, ...]:
    """IFEval, greedy."""
    names = ("ifeval_input_data.jsonl", "ifeval_en_541.jsonl")
    home = f"the hub's dataset {IFEVAL.repo} at {IFEVAL.revision}"
    return (Task(IFEvalItems(source=shelf.source(*names, home=home, hub=IFEVAL)), IFEval()),)


def m_ifeval(shelf: Shelf) -> tuple[Task, ...]:
    """The Japanese part of M-IFEval, greedy."""
    names = ("ja_input_data.jsonl", "m_ifeval_ja_172.jsonl")
    return (Task(MIFEvalItems(source=shelf.source(*names, home="github.com/lightblue-tech/M-IFEval")), MIFEval()),)


def evalplus(shelf: Shelf) -> tuple[Task, ...]:
    """HumanEval+ and MBPP+, greedy."""
    home = "the releases of github.com/evalplus (humanevalplus_release v0.1.10, mbppplus_release v0.2.0)"
    found = {shelf.folder(f"{name}.gz", name, home=home) for name in FILES}
    if len(found) > 1:
        raise UsageError(f"{' and '.join(FILES)} must lie in one folder, not in {', '.join(s.path for s in found)}")
    (source,) = found
    return (Task(EvalPlusItems(source=source), EvalPlus(source=source)),)


def mixeval(shelf: Shelf) -> tuple[Task, ...]:
    """The multiple-choice questions of MixEval, greedy."""
    return (Task(mixed("mixeval", shelf), MixEval(), max_tokens=512),)


def mixeval_hard(shelf: Shelf) -> tuple[Task, ...]:
    """The multiple-choice questions of MixEval-Hard, greedy."""
    return (Task(replace(mixed("mixeval-hard", shelf), hard=True), MixEvalHard(), max_tokens=512),)


def mixed(name: str, shelf: Shelf) -> MixEvalItems:
    file = f"{name}/{CHOICE}.json"
    home = "github.com/Psycoy/MixEval"
    return MixEvalItems(source=shelf.folder(file, home=home, hub=MIXEVAL, name=f"mixeval-2024-06-01/{file}"))


def jp_ifeval(shelf: Shelf) -> tuple[Task, ...]:
    """The prompts of jp-ifeval, which are part of the package, at five temperatures."""
    return (Task(JpIFEvalItems(), JpIFEval(), temperatures=TEMPERATURES),)


def llm_jp_eval(shelf: Shelf) -> tuple[Task, ...]:
    """The datasets of llm-jp-eval whose prepared files are there, greedy."""
    files = (f"test/{name}.json" for name in DATASETS)
    source = shelf.folder(*files, up=1, home="the preprocessing of llm-jp-eval v1.4.1 (its folder `evaluation`)")
    beside = (LlmJpEvalTranslation(), LlmJpEvalSimilarity())
    return (Task(LlmJpEvalItems(source=source), LlmJpEval(), max_tokens=512, beside=beside),)


def en() -> tuple[Benchmark, ...]:
    """English."""
    return (ifeval, evalplus, mixeval, mixeval_hard)


def ja() -> tuple[Benchmark, ...]:
    """Japanese."""
    return (m_ifeval, jp_ifeval, llm_jp_eval)


def both() -> tuple[Benchmark, ...]:
    """Japanese and English."""
    return (*ja(), *en())


SUITES: dict[str, Suite] = {"en": en, "ja": ja, "all": both}


def benchmarks(suite: Suite = both) -> dict[str, Benchmark]:
    """The benchmarks of a suite by their names."""
    return {benchmark.__name__.replace("_", "-"): benchmark for benchmark in suite()}


def at_hand(wanted: Mapping[str, Benchmark], shelf: Shelf, *, judged: bool = False) -> AtHand:
    """The tasks of the benchmarks whose items are at hand; those that need judges only when there are any (`judged`).

    Raises UsageError when there are none.
    """
    found = AtHand([], {}, {})
    for name, benchmark in wanted.items():
        try:
            tasks = benchmark(shelf)
        except NotAtHand as error:
            found.lacking[name] = str(error)
            continue
        found.tasks.extend(tasks if judged else [each for task in tasks for each in task.without_judges()])
        if not judged and any(task.bench.needs_judges for task in tasks):
            part = f"part of {name}" if any(task.without_judges() for task in tasks) else name
            found.unjudged[part] = "its answers are marked by other models; name them with --judge"
    if not found.tasks:
        why = {**found.lacking, **found.unjudged}
        raise UsageError("nothing can be asked:\n" + "\n".join(f"  {name}: {how}" for name, how in why.items()))
    return found
