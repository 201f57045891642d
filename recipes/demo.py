"""The whole way on a laptop: raw text -> base -> SFT -> DPO -> evaluation -> card and report.

komainu run recipes/demo.py:family size=s seed=0
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from komainu.checks.base import Check
from komainu.checks.boilerplate import Boilerplate
from komainu.checks.empty import Empty
from komainu.checks.encoding import Encoding
from komainu.checks.error_text import ErrorText
from komainu.checks.extra_text import ExtraText
from komainu.checks.format import Format
from komainu.checks.language import Language
from komainu.checks.leakage import Leakage
from komainu.checks.length import Length
from komainu.checks.markup import Markup
from komainu.checks.private import Private
from komainu.checks.refusal import Refusal
from komainu.checks.register import Register
from komainu.checks.repetition import Repetition
from komainu.checks.shape import Shape as Proportions
from komainu.checks.truncation import Truncation
from komainu.data.accuracy import CheckAccuracy
from komainu.data.ask import Ask
from komainu.data.base import Dataset
from komainu.data.best_of import BestOf
from komainu.data.decontaminate import Decontaminate
from komainu.data.dedup import Exact
from komainu.data.mix import Mix, Part
from komainu.data.near_dup import Near
from komainu.data.prefer import Focus, Prefer
from komainu.data.regenerate import Regenerate
from komainu.data.textbook.contaminated import Contaminated
from komainu.data.textbook.prompts import Prompts, RawText
from komainu.data.textbook.tasks import TASKS
from komainu.data.textbook.translations import ForTlBench
from komainu.eval.base import Answers, Scores
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.bench.extra_text import ExtraTextRate
from komainu.eval.bench.formats import FormatRules
from komainu.eval.bench.graded import Graded
from komainu.eval.bench.leakage import LeakageRate
from komainu.eval.bench.register import RegisterKept
from komainu.eval.bench.tl_bench.bench import TlBench, strength
from komainu.eval.bench.tl_bench.judged import JudgedAnchors
from komainu.eval.bench.translation import Translation
from komainu.eval.board import Board, Entry
from komainu.eval.judge.panel import panel
from komainu.eval.sampler import SamplerSweep, sampler_sweep
from komainu.models.base import Model
from komainu.release.card import Card
from komainu.release.report import Report
from komainu.stage import Stage
from komainu.train.base import Fit
from komainu.train.dpo import DPO
from komainu.train.losses.sigmoid import Sigmoid
from komainu.train.pretrain import Base, Shape
from komainu.train.reference import Reference
from komainu.train.scale import Anchor
from komainu.train.sft import SFT
from komainu.train.tokenizer import Tokenizer

VOCAB = 2048
TEACHER = Model(name="textbook", temperature=1.0, max_tokens=256)
JUDGES = tuple(Model(name=f"stand-in grader (rules, {how})", max_tokens=512) for how in ("strict", "lenient"))
SOUND = (Empty(), Language(), Leakage(), Format(), Register(), Length(most=300), Repetition(), Truncation())
PREFERRED = (*SOUND[:4], Register(preferred=True), *SOUND[5:], ExtraText())
FORM = (Boilerplate(), Markup(), Encoding(), Private(), Proportions(), ErrorText(), Refusal())  # measured alone
ODD = Model(name="textbook-odd", temperature=1.0, max_tokens=256)
RULES = (*(FormatRules(language=x) for x in ("ja", "en")), *(Translation(language=x) for x in ("ja", "en")))
EXACT = tuple(ExactMatch(language=x) for x in ("ja", "en"))
MANNERS = (
    RegisterKept(),
    *(ExtraTextRate(language=x) for x in ("ja", "en")),
    *(LeakageRate(language=x) for x in ("ja", "en")),
)
GRADED = tuple(Graded(language=x) for x in ("ja", "en"))  # beside the averages: the judges are stand-ins
STAND_INS = (
    "The judges called stand-in graders are no language models: they are rules that know the textbook. Their marks "
    "show that judging works from end to end, and say nothing about how a language model marks."
)
TRANSLATIONS = ("translate_ja", "translate_en")
OPEN = (*TRANSLATIONS, "questions", "language")  # where manners show
SUMS = ("arithmetic", "counting")  # where only another answer shows that one is wrong
CORE = ("polite", "plain", "json", "questions", "language", "bullets")  # what most people ask for, so twice
TALK = tuple(task.name for task in TASKS if task.name != "arithmetic")


@dataclass(frozen=True)
class Size:
    """The one dial: how wide the model is. Depth, data, steps and method are the same for all."""

    hidden: int
    heads: int

    @property
    def shape(self) -> Shape:
        return Shape(hidden=self.hidden, layers=4, heads=self.heads, feed_forward=3 * self.hidden, context=256)

    def fit(self, lr: float, batch: int, steps: int, seed: int, **how: Any) -> Fit:
        """`lr` is what is right for size s at this batch; the one rule takes it to another size."""
        scaled = Anchor(lr, SIZES["s"].shape.params(VOCAB), batch).at(self.shape.params(VOCAB), batch)
        return Fit(lr=scaled, global_batch=batch, steps=steps, seed=seed, weight_decay=0.01, floor=0.05, **how)


@dataclass(frozen=True)
class Effort:
    """How much of everything: rows and optimiser steps."""

    raw: int
    talk: int
    core: int
    sums: int
    tune: int
    items: int
    manners: int
    swept: int
    duels: int
    steps: tuple[int, int, int]  # base, SFT, DPO


FULL = Effort(30_000, 13_500, 7_500, 600, 1_000, 960, 900, 200, 60, (1_500, 2_600, 80))
SMOKE = Effort(600, 240, 60, 40, 60, 48, 40, 24, 8, (30, 30, 4))  # the same way in seconds, to test it
SIZES = {"xs": Size(64, 2), "s": Size(128, 4), "m": Size(192, 6)}


def unseen(prompts: Prompts) -> Dataset:
    """Test prompts, each once."""
    return Dataset(sources=(prompts,), steps=(Exact(on="prompt"),))


def pretrained(size: Size, effort: Effort, seed: int) -> Base:
    text = RawText(n=effort.raw, seed=seed)
    tokenizer = Tokenizer(data=text, vocab=VOCAB)
    fit = size.fit(3e-3, 24, effort.steps[0], seed, optimizer="muon")
    return Base(model=tokenizer, data=text, shape=size.shape, fit=fit)


def chats(
    items: tuple[Stage, ...], effort: Effort, seed: int, teacher: Model = TEACHER, sound: tuple[Check, ...] = SOUND
) -> Mix:
    """Prompts -> teacher -> checks, asking again for what fails -> no duplicates, no benchmark -> one mix."""
    clean = (Near(threshold=0.95), Decontaminate(against=items, coverage=1.0, edited=0.0))
    asked = (Exact(on="prompt"), Ask(model=teacher))
    talk = Prompts(side="train", n=effort.talk, seed=seed, tasks=TALK, duplicates=0.03)
    core = Prompts(side="train", n=effort.core, seed=seed + 1, tasks=CORE)
    sums = Prompts(side="train", n=effort.sums, seed=seed + 2, tasks=SUMS)
    again = Regenerate(model=teacher, checks=sound, tries=2)
    best = BestOf(model=teacher, checks=sound, n=3)
    parts = (
        Dataset(sources=(talk,), steps=(*asked, again, *clean)),
        Dataset(sources=(core,), steps=(*asked, again, *clean)),
        Dataset(sources=(sums,), steps=(*asked, best, *clean)),
    )
    return Mix(parts=tuple(Part(stage=part) for part in parts), seed=seed)


def pairs(sft: SFT, taught: Dataset, prompts: Prompts) -> Prefer:
    """Answers of the teacher and of the SFT model to the same prompts: the best over a faulty one."""
    own = Dataset(
        sources=(prompts,),
        steps=(Ask(model=Model(name="sft", weights=sft, temperature=1.0, max_tokens=96), samples=2),),
    )
    return Prefer(
        answers=(taught, own),
        checks=PREFERRED,
        weights={"register": 0.5},
        focus=(Focus(reason="extra_text"), Focus(reason="leakage"), Focus(reason="register")),
    )


def pairwise(texts: Stage) -> TlBench:
    """Translations against those of three teachers: without faults, with the usual ones, and one often wrong."""
    names = ("textbook-clean", "textbook", "textbook@wrong=0.4")
    teachers = tuple(Answers(model=Model(name=name, max_tokens=256), items=texts) for name in names)
    return TlBench(anchors=JudgedAnchors(answers=teachers, judge=JUDGES[0]), headline=False)


def accuracy(taught: Dataset, train: Stage, items: Stage, tune: Prompts) -> CheckAccuracy:
    """How well checks and steps find known faults: the teacher's, planted copies, and those of an odder teacher."""
    odd = Dataset(sources=(tune,), steps=(Ask(model=ODD),))
    planted = Contaminated(prompts=replace(tune, side="train", tasks=TALK), items=items)
    clean = Dataset(sources=(planted,), steps=(Decontaminate(against=(items,), coverage=1.0, edited=0.0),))
    more = CheckAccuracy(answers=odd, checks=(Empty(), Language(), Repetition(), *FORM))
    return CheckAccuracy(answers=taught, checks=PREFERRED, datasets=(train, clean), more=(more,))


def scores(name: str, weights: Stage, items: Stage, manners: Stage, texts: Stage) -> Entry:
    """Content is asked greedily; manners are sampled at temperature 1, where habits show."""
    greedy = Answers(model=Model(name=name, weights=weights, max_tokens=96), items=items)
    sampled = Answers(model=Model(name=name, weights=weights, max_tokens=96, temperature=1.0), items=manners)
    return Entry(
        name=name,
        scores=(
            *(Scores(answers=greedy, bench=b) for b in (*EXACT, *RULES)),
            *(Scores(answers=sampled, bench=b) for b in MANNERS),
            *(panel(sampled, b, JUDGES) for b in GRADED),
            strength(replace(sampled, items=texts), pairwise(texts), JUDGES),
        ),
    )


def sweep(name: str, weights: Stage, items: Stage) -> SamplerSweep:
    model = Model(name=name, weights=weights, max_tokens=96)
    return sampler_sweep(model, items, quality=EXACT, leakage=MANNERS[3:], temperatures=(0.0, 0.5, 1.0))


def family(size: Literal["xs", "s", "m"] = "s", seed: int = 0, effort: Literal["full", "smoke"] = "full") -> Report:
    """One member of the demo's family, from nothing to a page that shows how it came to be."""
    dial, much = SIZES[size], {"full": FULL, "smoke": SMOKE}[effort]
    items = unseen(Prompts(side="test", n=much.items, seed=seed))
    manners = unseen(Prompts(side="test", n=much.manners, seed=seed + 1, tasks=OPEN))
    texts = Dataset(
        sources=(Prompts(side="test", n=much.duels, seed=seed + 3, tasks=TRANSLATIONS),),
        steps=(Exact(on="prompt"), ForTlBench()),
    )
    tune = Prompts(side="tune", n=much.tune, seed=seed, tasks=OPEN)

    base = pretrained(dial, much, seed)
    data = chats((items, manners, texts), much, seed)
    sft = SFT(model=base, data=data, fit=dial.fit(2e-3, 24, much.steps[1], seed, optimizer="muon"))
    taught = Dataset(sources=(tune,), steps=(Ask(model=TEACHER, samples=2),))
    better = pairs(sft, taught, tune)
    reference = Reference(model=sft, data=better)
    fit = dial.fit(7e-5, 16, much.steps[2], seed)
    dpo = DPO(model=sft, data=better, reference=reference, objective=Sigmoid(beta=0.5), fit=fit)

    models = {"base": base, "sft": sft, "dpo": dpo}
    board = Board(entries=tuple(scores(name, weights, items, manners, texts) for name, weights in models.items()))
    advice = sweep("dpo", dpo, unseen(Prompts(side="test", n=much.swept, seed=seed + 2)))
    card = Card(
        name=f"komainu-demo-{size}",
        model=dpo,
        base=base,
        board=board,
        data=(data, better),
        sweep=advice,
        entry="dpo",
        notes=(STAND_INS,),
    )
    parts = tuple(part.stage for part in data.parts)
    return Report(
        card=card,
        board=board,
        sweep=advice,
        training=(base, sft, dpo),
        datasets=(*parts, better),
        samples=tuple(entry.scores[0].answers for entry in board.entries),
        faults=accuracy(taught, parts[0], items, tune),
    )
