"""Methods after SFT, on the demo's world: rules as rewards (GRPO), self-play, on-policy DPO, leak repair.

komainu run recipes/methods.py:grpo size=xs seed=0
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, NamedTuple

from komainu.checks.empty import Empty
from komainu.checks.format import Format
from komainu.checks.is_reference import IsReference
from komainu.checks.leakage import Leakage
from komainu.checks.reward import RuleReward
from komainu.data.ask import Ask
from komainu.data.base import Dataset
from komainu.data.decontaminate import Decontaminate
from komainu.data.dedup import Exact
from komainu.data.filter import Filter
from komainu.data.mix import Mix
from komainu.data.prefer import Focus, Prefer
from komainu.data.self_play import SelfPlay
from komainu.data.textbook.prompts import Prompts
from komainu.eval.base import Answers, Lang, Scores
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.bench.formats import FormatRules
from komainu.eval.board import Board, Entry
from komainu.models.base import Model
from komainu.stage import Stage
from komainu.train.base import Train
from komainu.train.dpo import DPO
from komainu.train.grpo import GRPO
from komainu.train.losses.sigmoid import Sigmoid
from komainu.train.reference import Reference
from komainu.train.repair import LeakRepair
from komainu.train.sft import SFT
from recipes.demo import FULL, MANNERS, OPEN, SIZES, SMOKE, SOUND, Effort, Size, chats, pretrained, unseen

SHORT = replace(FULL, raw=12_000, talk=6_000, core=3_000, steps=(500, 700, 80))  # minutes instead of half an hour
TINY = replace(SMOKE, raw=300, talk=120, items=24, manners=16, steps=(10, 10, 2))
EFFORTS = {"full": FULL, "short": SHORT, "smoke": TINY}
FORMED = ("json", "bullets", "limits")
RULED = (*FORMED, "repeat", "counting", "arithmetic")  # what rules can tell right from wrong
BOTH: tuple[Lang, ...] = ("ja", "en")
LEAKS = Model(name="textbook@leak=0.3", temperature=1.0, max_tokens=256)
LEAKY = 900  # prompts that are asked for leaks, at most
Name = Literal["xs", "s", "m"]
Much = Literal["full", "short", "smoke"]


class World(NamedTuple):
    """The demo's world up to SFT, and prompts of its test side: ruled ones, and those where manners show."""

    size: Size
    effort: Effort
    seed: int
    base: Train
    data: Mix
    sft: SFT
    ruled: Dataset
    manners: Dataset

    @property
    def batch(self) -> int:
        """Pairs of a global batch."""
        return min(16, self.effort.tune // 30)

    def prompts(self, n: int, which: int, tasks: tuple[str, ...], *tested: Dataset) -> Dataset:
        """Prompts of the train side that SFT has not seen, none of which is on the test side, or in `tested`."""
        there = Prompts(side="train", n=n, seed=self.seed + 10 + which, tasks=tasks)
        apart = Decontaminate(against=(self.ruled, self.manners, *tested), coverage=1.0, edited=0.0)
        return Dataset(sources=(there,), steps=(Exact(on="prompt"), apart))

    def some(self, n: int) -> Mix:
        """At most so many rows of the SFT data, sums left out."""
        talk = self.data.parts[0]
        return Mix(parts=(replace(talk, cap=n),), seed=self.seed)

    def board(self, **models: Train) -> Board:
        """Right answers and formats, asked greedily; leaks, register and chatter at temperature 1."""
        return Board(entries=tuple(self.entry(name, weights) for name, weights in models.items()))

    def entry(self, name: str, weights: Train) -> Entry:
        greedy = Answers(model=Model(name=name, weights=weights, max_tokens=96), items=self.ruled)
        ruled = tuple(bench(language=x) for bench in (ExactMatch, FormatRules) for x in BOTH)
        return Entry(name=name, scores=(*(Scores(answers=greedy, bench=b) for b in ruled), *self.kept(greedy)))

    def drawn(self, name: str, weights: Train, counted: Dataset, formed: Dataset) -> Entry:
        """What is rewarded, as it is rewarded: four answers a prompt at temperature 1, marked by the same rules."""
        model = Model(name=name, weights=weights, max_tokens=96, temperature=1.0)
        counts, forms = (Answers(model=model, items=items, samples=4) for items in (counted, formed))
        exact = (Scores(answers=counts, bench=ExactMatch(language=x)) for x in BOTH)
        formats = (Scores(answers=forms, bench=FormatRules(language=x)) for x in BOTH)
        return Entry(name=name, scores=(*exact, *formats, *self.kept(counts)))

    def kept(self, answers: Answers) -> tuple[Scores, ...]:
        sampled = replace(answers, model=replace(answers.model, temperature=1.0), items=self.manners, samples=1)
        return tuple(Scores(answers=sampled, bench=bench) for bench in MANNERS)


def world(size: Name, seed: int, effort: Much) -> World:
    dial, much = SIZES[size], EFFORTS[effort]
    items = unseen(Prompts(side="test", n=much.items, seed=seed))
    ruled = unseen(Prompts(side="test", n=much.items, seed=seed + 4, tasks=RULED))
    manners = unseen(Prompts(side="test", n=much.manners, seed=seed + 1, tasks=OPEN))
    base = pretrained(dial, much, seed)
    data = chats((items, manners), much, seed)
    sft = SFT(model=base, data=data, fit=dial.fit(2e-3, 24, much.steps[1], seed, optimizer="muon"))
    return World(dial, much, seed, base, data, sft, ruled, manners)


def grpo(size: Name = "xs", seed: int = 0, effort: Much = "short", steps: int = 0, lr: float = 1e-4) -> Board:
    """Reinforcement learning where rules say what is right: the reference, and the format that was asked for."""
    here = world(size, seed, effort)
    steps = steps or {"full": 300, "short": 150, "smoke": 3}[effort]
    reward = RuleReward(checks=(IsReference(), Format()))
    fit = here.size.fit(lr, 32, steps, seed)
    asked = ((5, ("counting",)), (6, FORMED))
    counted, formed = (unseen(Prompts(side="test", n=here.effort.items, seed=seed + i, tasks=t)) for i, t in asked)
    prompts = here.prompts(min(40 * steps, here.effort.talk), 0, RULED, counted, formed)
    trained = GRPO(model=here.sft, data=prompts, reward=reward, group=8, max_tokens=64, fit=fit)
    models: dict[str, Train] = {"sft": here.sft, "grpo": trained}
    return Board(entries=tuple(here.drawn(name, weights, counted, formed) for name, weights in models.items()))


def own(model: Model, prompts: Dataset) -> Dataset:
    """Eight answers of a model's own to each prompt, without blank ones."""
    return Dataset(sources=(prompts,), steps=(Ask(model=model, samples=8), Filter(checks=(Empty(),))))


def preferring(here: World, model: Train, data: Stage, lr: float) -> DPO:
    """One round of DPO from a model, which is its own reference."""
    fit = here.size.fit(lr, here.batch, here.effort.steps[2], here.seed)
    reference = Reference(model=model, data=data)
    return DPO(model=model, data=data, reference=reference, objective=Sigmoid(beta=0.5), fit=fit)


def self_play(size: Name = "xs", seed: int = 0, effort: Much = "short", rounds: int = 2, lr: float = 7e-5) -> Board:
    """SPIN (arXiv 2401.01335): the answers of the SFT data over the model's own, a round from each new model."""
    here = world(size, seed, effort)
    some = here.some(here.effort.tune)
    models: dict[str, Train] = {"sft": here.sft}
    for i in range(1, rounds + 1):
        last = [*models.values()][-1]
        against = SelfPlay(model=Model(name=f"round {i - 1}", weights=last, temperature=1.0, max_tokens=96))
        pairs = Dataset(sources=(some,), steps=(against,))
        models[f"spin {i}"] = preferring(here, last, pairs, lr)
    return here.board(**models)


def iterated(size: Name = "xs", seed: int = 0, effort: Much = "short", rounds: int = 2, lr: float = 7e-5) -> Board:
    """On-policy DPO in rounds: the model's own answers, the best by the rules over the worst, other prompts a round."""
    here = world(size, seed, effort)
    models: dict[str, Train] = {"sft": here.sft}
    for i in range(1, rounds + 1):
        last = [*models.values()][-1]
        model = Model(name=f"round {i - 1}", weights=last, temperature=1.0, max_tokens=96)
        answers = own(model, here.prompts(here.effort.tune, i, RULED))
        models[f"round {i}"] = preferring(here, last, Prefer(answers=(answers,), checks=(Format(),), clean=False), lr)
    return here.board(**models)


def leaking(here: World) -> SFT:
    """SFT on answers of a teacher that leaks in three of ten, checked for all but leaks: a model with a habit."""
    sound = tuple(check for check in SOUND if not isinstance(check, Leakage))
    data = chats((here.ruled, here.manners), here.effort, here.seed, LEAKS, sound)
    return replace(here.sft, data=data)


def repaired(size: Name = "xs", seed: int = 0, effort: Much = "short", steps: int = 0, lr: float = 1e-4) -> Board:
    """Leak repair: where the model's own leaks begin made unlikely, its clean answers (right ones first) likelier.

    Beside it DPO on the same pairs.
    """
    here = world(size, seed, effort)
    sft = leaking(here)
    model = Model(name="sft", weights=sft, temperature=1.0, max_tokens=96)
    answers = own(model, here.prompts(min(LEAKY, here.effort.talk), 0, OPEN))
    pairs = Prefer(answers=(answers,), checks=(Leakage(),), clean=False, focus=(Focus(reason="leakage"),))
    fit = here.size.fit(lr, here.batch, steps or {"full": 80, "short": 40, "smoke": 2}[effort], seed)
    fixed = LeakRepair(model=sft, data=pairs, fit=fit, reinforce=1.0)
    return here.board(sft=sft, repaired=fixed, dpo=preferring(here, sft, pairs, 7e-5))
