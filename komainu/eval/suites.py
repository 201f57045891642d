"""The suites: which benchmarks there are, and how a model is sampled on each.

A benchmark is a function that takes a Shelf and returns tasks; it is called by its function's name, with hyphens.
A suite is a function that returns benchmarks: to add one to a suite is a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from komainu.errors import UsageError, nearest
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
from komainu.eval.bench.mixeval.free import MixEvalFull, MixEvalHardFull
from komainu.eval.bench.mixeval.items import CHOICE, MixEvalItems
from komainu.eval.bench.mixeval.items import HUB as MIXEVAL
from komainu.eval.bench.mt_bench.bench import MtBench
from komainu.eval.bench.mt_bench.items import TEMPERATURES as CATEGORIES
from komainu.eval.bench.mt_bench.items import MtBenchItems
from komainu.eval.bench.programs.problems import FILES
from komainu.eval.bench.rp_bench.bench import RpBench
from komainu.eval.bench.rp_bench.dialogue import Dialogue
from komainu.eval.bench.rp_bench.items import RpItems
from komainu.eval.bench.rp_bench.partner import Partner
from komainu.eval.bench.shaberi.base import MAX_TOKENS, TEMPERATURE
from komainu.eval.bench.shaberi.elyza import Elyza, ElyzaItems
from komainu.eval.bench.shaberi.ja_mt_bench import JaMtBench, JaMtBenchItems
from komainu.eval.bench.shaberi.rakuda import Rakuda, RakudaItems
from komainu.eval.bench.shaberi.tengu import REFUSALS, Tengu, TenguItems
from komainu.eval.bench.tl_bench.adaptive import Adaptive
from komainu.eval.bench.tl_bench.anchors import MET, AnchorFiles
from komainu.eval.bench.tl_bench.bench import TlBench
from komainu.eval.bench.tl_bench.items import TlBenchItems
from komainu.eval.external.base import External
from komainu.eval.external.livebench import FILE, LiveBench, LiveBenchTold
from komainu.eval.external.livebench_means import CATEGORIES as LIVEBENCH
from komainu.eval.items import Items, Published
from komainu.eval.shelf import NotAtHand, Shelf
from komainu.eval.turns import Turns
from komainu.models.base import Model


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
    by_task: Mapping[str, float] = {}  # temperatures by meta.task, for `answers` that take them
    unjudged: tuple[Task, ...] = ()

    def without_judges(self) -> tuple[Task, ...]:
        return self.unjudged if self.bench.needs_judges else (self,)

    def with_user(self, user: Model | None) -> Task:
        """The task with `user` as the simulated user of its talks; itself where it has none."""
        talks = self.answers is Dialogue and user
        return self._replace(answers=partial(Dialogue, partner=Partner(model=user))) if talks else self


class AtHand(NamedTuple):
    """What can be asked; how to get the items of the others; what is not asked for want of judges, and why."""

    tasks: list[Task]
    lacking: dict[str, str]
    unjudged: dict[str, str]


PART = "part of "  # before the name of a benchmark that is asked without what needs judges
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
    """MixEval, greedy; without judges its multiple-choice questions."""
    items = mixed("mixeval", shelf)
    choice = Task(items, MixEval(), max_tokens=512)
    return (Task(replace(items, free_form=True), MixEvalFull(), max_tokens=512, unjudged=(choice,)),)


def mixeval_hard(shelf: Shelf) -> tuple[Task, ...]:
    """MixEval-Hard, greedy; without judges its multiple-choice questions."""
    items = replace(mixed("mixeval-hard", shelf), hard=True)
    choice = Task(items, MixEvalHard(), max_tokens=512)
    return (Task(replace(items, free_form=True), MixEvalHardFull(), max_tokens=512, unjudged=(choice,)),)


def mixed(name: str, shelf: Shelf) -> MixEvalItems:
    file = f"{name}/{CHOICE}.json"
    home = "github.com/Psycoy/MixEval"
    return MixEvalItems(source=shelf.folder(file, home=home, hub=MIXEVAL, name=f"mixeval-2024-06-01/{file}"))


def livebench(shelf: Shelf) -> tuple[Task, ...]:
    """LiveBench, all six categories, greedy; its own program scores the answers."""
    sources = {
        category: shelf.source(
            *(f"livebench/{category}.{kind}" for kind in ("parquet", "jsonl")),
            home=f"{on_hub(f'livebench/{category}')}, {FILE}, as {category}.parquet in a folder livebench",
        )
        for category in LIVEBENCH
    }
    return (Task(LiveBench(sources=sources), LiveBenchTold(), max_tokens=4096, answers=External),)


def jp_ifeval(shelf: Shelf) -> tuple[Task, ...]:
    """The prompts of jp-ifeval, which are part of the package, at five temperatures."""
    return (Task(JpIFEvalItems(), JpIFEval(), temperatures=TEMPERATURES),)


def llm_jp_eval(shelf: Shelf) -> tuple[Task, ...]:
    """The datasets of llm-jp-eval whose prepared files are there, greedy."""
    files = (f"test/{name}.json" for name in DATASETS)
    source = shelf.folder(*files, up=1, home="the preprocessing of llm-jp-eval v1.4.1 (its folder `evaluation`)")
    beside = (LlmJpEvalTranslation(), LlmJpEvalSimilarity())
    return (Task(LlmJpEvalItems(source=source), LlmJpEval(), max_tokens=512, beside=beside),)


def elyza_tasks_100(shelf: Shelf) -> tuple[Task, ...]:
    """ELYZA-tasks-100, as Shaberi asks it."""
    names = ("elyza_tasks_100.jsonl", "elyza_tasks_100.items.jsonl", "ELYZA-tasks-100/test.csv")
    return (shaberi(ElyzaItems(source=shelf.source(*names, home=on_hub(ElyzaItems.home))), Elyza()),)


def ja_mt_bench_1shot(shelf: Shelf) -> tuple[Task, ...]:
    """The first turns of 60 questions of the Japanese MT-Bench, as Shaberi asks them."""
    names = ("ja_mt_bench_1shot.jsonl", "ja_mt_bench_1shot.items.jsonl")
    return (shaberi(JaMtBenchItems(source=shelf.source(*names, home=on_hub(JaMtBenchItems.home))), JaMtBench()),)


def rakuda(shelf: Shelf) -> tuple[Task, ...]:
    """Rakuda, as Shaberi asks it."""
    names = ("rakuda.jsonl", "rakuda.items.jsonl", "rakuda_v1_questions.jsonl")
    return (shaberi(RakudaItems(source=shelf.source(*names, home=on_hub(RakudaItems.home))), Rakuda()),)


def tengu_bench(shelf: Shelf) -> tuple[Task, ...]:
    """Tengu-Bench, as Shaberi asks it."""
    names = ("tengu_bench.jsonl", "tengu_bench.items.jsonl", "tengu_bench.parquet")
    return (shaberi(TenguItems(source=shelf.source(*names, home=on_hub(TenguItems.home))), Tengu()),)


def tengu_bench_115(shelf: Shelf) -> tuple[Task, ...]:
    """Tengu-Bench without the five questions that give points for declining."""
    (task,) = tengu_bench(shelf)
    assert isinstance(task.items, TenguItems)
    return (task._replace(items=replace(task.items, without=REFUSALS)),)


def shaberi(items: Items, bench: Bench) -> Task:
    return Task(items, bench, temperatures=(TEMPERATURE,), max_tokens=MAX_TOKENS)


def on_hub(name: str) -> str:
    return f"the hub's dataset {name}"


def ja_mt_bench_2turn(shelf: Shelf) -> tuple[Task, ...]:
    """The 80 questions of two turns of the Japanese MT-Bench, each category at its own temperature."""
    home = "github.com/Stability-AI/FastChat, fastchat/llm_judge/data/japanese_mt_bench"
    asked = shelf.source("question_full.jsonl", home=home)
    names = ("reference_gpt4o_human_annotated.jsonl", "reference_answer/gpt-4.jsonl")
    items = MtBenchItems(source=asked, references=shelf.source(*names, home=home))
    return (Task(items, MtBench(), max_tokens=1024, answers=Turns, by_task=CATEGORIES),)


def rp_bench(shelf: Shelf) -> tuple[Task, ...]:
    """The scenarios of rp-bench, which are part of the package: ten turns with a user whom the model plays itself."""
    return (Task(RpItems(), RpBench(), temperatures=(0.7,), max_tokens=1024, answers=Dialogue),)


def tl_bench(shelf: Shelf) -> tuple[Task, ...]:
    """tl-bench, greedy: its texts are part of the package, and so are its anchors unless a folder `tl_bench_anchors` of
    the items has others."""
    kept = shelf.found((f"tl_bench_anchors/{MET}",), up=0)
    return (Task(TlBenchItems(), TlBench(anchors=AnchorFiles(source=kept)) if kept else TlBench()),)


def tl_bench_adaptive(shelf: Shelf) -> tuple[Task, ...]:
    """tl-bench with the comparisons that tell most, until the interval of LT is a point wide."""
    (task,) = tl_bench(shelf)
    assert isinstance(task.bench, TlBench)
    return (task._replace(bench=replace(task.bench, adaptive=Adaptive())),)


def en() -> tuple[Benchmark, ...]:
    """English."""
    return (ifeval, evalplus, mixeval, mixeval_hard, livebench)


def ja() -> tuple[Benchmark, ...]:
    """Japanese."""
    shaberi = (elyza_tasks_100, ja_mt_bench_1shot, rakuda, tengu_bench)
    return (m_ifeval, jp_ifeval, llm_jp_eval, *shaberi, rp_bench, tl_bench)


def both() -> tuple[Benchmark, ...]:
    """Japanese and English."""
    return (*ja(), *en())


def by_name() -> tuple[Benchmark, ...]:
    """Other settings of what is in the suites; asked only by their names."""
    return (tengu_bench_115, ja_mt_bench_2turn, tl_bench_adaptive)


SUITES: dict[str, Suite] = {"en": en, "ja": ja, "all": both}


def benchmarks(suite: Suite = both) -> dict[str, Benchmark]:
    """The benchmarks of a suite by their names."""
    return {benchmark.__name__.replace("_", "-"): benchmark for benchmark in suite()}


def choose(suite: str | None, names: Sequence[str]) -> dict[str, Benchmark]:
    """The benchmarks of a suite (all, when none is said); only those of the names when there are any."""
    known = benchmarks(SUITES[suite or "all"])
    others = {} if suite else benchmarks(by_name)
    for name in names:
        if name not in known | others:
            raise UsageError(f"the suite {suite or 'all'} has no benchmark {name!r}{nearest(name, known | others)}")
    return {name: benchmark for name, benchmark in (known | others).items() if name in names} if names else known


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
            part = f"{PART}{name}" if any(task.without_judges() for task in tasks) else name
            found.unjudged[part] = "its answers are marked by other models; name them with --judge"
    if not found.tasks:
        why = {**found.lacking, **found.unjudged}
        raise UsageError("nothing can be asked:\n" + "\n".join(f"  {name}: {how}" for name, how in why.items()))
    return found
