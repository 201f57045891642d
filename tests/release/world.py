"""A whole family in small: models that are a teacher with fewer and fewer faults, trained by stages that write files.

The benches, the board, the sweep, the data steps and the store are the real ones.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from komainu.checks.leakage import Leakage
from komainu.checks.truncation import Truncation
from komainu.context import Context
from komainu.data.ask import Ask
from komainu.data.base import Dataset
from komainu.data.filter import Filter
from komainu.data.textbook.prompts import Prompts
from komainu.data.textbook.teacher import Faults, answer
from komainu.eval.base import Answers, Bench, Scores
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.bench.leakage import LeakageRate
from komainu.eval.board import Board, Entry
from komainu.files import write_json
from komainu.models.base import Model, Question, Reply
from komainu.release.card import Card
from komainu.release.report import Report
from komainu.stage import Stage, Table, Weights
from komainu.store import Store

SKILL = {
    "teacher": Faults(),
    "base": Faults(extra_text=0.3, casual=0.6, leak=0.15, truncated=0.1, wrong=0.15),
    "SFT": Faults(extra_text=0.1, casual=0.2, leak=0.1, truncated=0.02, wrong=0.1),
    "DPO": Faults(extra_text=0.02, casual=0.05, leak=0.06, truncated=0.02, wrong=0.08),
}


class Pupil:
    """Answers as the teacher does with the faults of the model's name; more of them at a higher temperature."""

    batch_sensitive = False

    def __init__(self, say: dict[str, str] | None = None) -> None:
        self.say = say or {}  # model to what it says to everything

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        faults = SKILL[model.name]
        leak = faults.leak * (1 + 2 * model.temperature * (1 if model.top_p == 1 else 0.5))
        worse = Faults(
            **{**{k: getattr(faults, k) for k in ("extra_text", "casual", "truncated", "wrong")}, "leak": leak}
        )
        for question in questions:
            text, fault = answer(question.messages, len(model.name) + question.sample, worse)
            yield Reply(self.say.get(model.name, text), hidden={"fault": fault})


@dataclass(frozen=True, kw_only=True)
class Base(Stage):
    """Weights from rows: a curve that falls, a tiny file of the right form."""

    makes: ClassVar[type] = Weights
    data: Stage
    fit: dict[str, Any] = field(default_factory=lambda: {"lr": 0.003, "global_batch": 64, "seed": 0})
    steps: int = 120
    wide: int = 1
    speed: ClassVar[float] = 1000.0  # of the machine, in tokens a second

    def metrics(self, step: int) -> dict[str, float]:
        wobble = math.sin(step * 12.9898) * 0.12
        return {
            "loss": 0.4 + 6 * math.exp(-step / 25) + wobble,
            "lr": 0.003 * (1 - step / self.steps),
            "grad_norm": 1.0,
        }

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        lines = [
            {"step": i, **self.metrics(i), "tokens": 4000 + i, "tokens_per_s": self.speed} for i in range(self.steps)
        ]
        (out / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        write_json(out / "config.json", {"architectures": ["LlamaForCausalLM"], "max_position_embeddings": 512})
        write_json(out / "tokenizer.json", TOKENIZER)
        write_safetensors(out / "model.safetensors", {"embed": (2048 * self.wide, 128), "head": (128, 64)})
        rows = ctx.open(self.data).summary["rows"]
        return {"rows": rows, "steps": self.steps, "tokens": sum(int(line["tokens"]) for line in lines), "loss": 0.41}


@dataclass(frozen=True, kw_only=True)
class Snapshot(Base):
    """Weights with a name on the hub."""

    repo: str


@dataclass(frozen=True, kw_only=True)
class SFT(Base):
    """The same from a model."""

    model: Stage


@dataclass(frozen=True, kw_only=True)
class DPO(Base):
    """The same with the metrics of preferences."""

    model: Stage
    beta: float = 0.1

    def metrics(self, step: int) -> dict[str, float]:
        margin = 3 * (1 - math.exp(-step / 40)) + math.sin(step * 7.7) * 0.3
        accuracy = min(1.0, 0.5 + step / 150)
        return {
            **super().metrics(step),
            "loss": math.log(1 + math.exp(-margin)),
            "margin": margin,
            "accuracy": accuracy,
        }


@dataclass(frozen=True, kw_only=True)
class Found(Stage):
    """A table that is given: written as it is under `file`."""

    makes: ClassVar[type] = Table
    file: str
    text: str

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        write_json(out / self.file, json.loads(self.text))
        return {}


@dataclass(frozen=True)
class Family:
    """All stages of a small family; `n` items, models `wide` times as large."""

    n: int = 60
    wide: int = 1

    def benches(self) -> tuple[Bench, ...]:
        return (
            ExactMatch(language="ja"),
            ExactMatch(language="en"),
            LeakageRate(language="ja"),
            LeakageRate(language="en"),
        )

    @property
    def items(self) -> Prompts:
        return Prompts(side="test", n=self.n)

    @property
    def data(self) -> Dataset:
        asked = Ask(model=Model(name="teacher", temperature=0.7))
        checks = (Leakage(), Truncation())
        return Dataset(sources=(Prompts(side="train", n=2 * self.n),), steps=(asked, Filter(checks=checks)))

    @property
    def training(self) -> tuple[Stage, ...]:
        base = Base(data=self.data, wide=self.wide)
        sft = SFT(data=self.data, model=base, wide=self.wide)
        return base, sft, DPO(data=self.data, model=sft, wide=self.wide)

    def answers(self) -> tuple[Answers, ...]:
        names = ("base", "SFT", "DPO")
        models = [Model(name=name, weights=weights) for name, weights in zip(names, self.training, strict=True)]
        return tuple(Answers(model=model, items=self.items) for model in models)

    @property
    def board(self) -> Board:
        entries = [
            Entry(name=a.model.name, scores=tuple(Scores(answers=a, bench=b) for b in self.benches()))
            for a in self.answers()
        ]
        return Board(entries=tuple(entries))

    @property
    def sweep(self) -> Found:
        return Found(file="sweep.json", text=json.dumps(SWEEP))

    def card(self, **changed: Any) -> Card:
        base, _, dpo = self.training
        values: dict[str, Any] = {
            "base": base,
            "board": self.board,
            "sweep": self.sweep,
            "entry": "DPO",
            "data": (self.data,),
            "name": "lions/komainu-1m",
            **changed,
        }
        return Card(model=dpo, **values)

    def report(self, **changed: Any) -> Report:
        faults = Found(file="faults.json", text=json.dumps(FAULTS))
        values: dict[str, Any] = {
            "card": self.card(),
            "board": self.board,
            "training": self.training,
            "datasets": (self.data,),
            "samples": self.answers(),
            "sweep": self.sweep,
            "faults": faults,
        }
        return Report(**{**values, **changed})


FAULTS = {
    "rows": [
        {"check": "leakage", "fault": "leak", "precision": 0.98, "recall": 0.91, "tp": 91, "fp": 2, "fn": 9},
        {"check": "truncation", "fault": "truncated", "precision": None, "recall": 0.0, "tp": 0, "fp": 0, "fn": 4},
    ]
}


def rate(mean: float, low: float, high: float, word: str) -> dict[str, Any]:
    return {"mean": mean, "low": low, "high": high, "worst": mean, "best": mean, "withheld": "", "word": word}


def point(temperature: float, top_p: float, quality: dict[str, Any], leakage: dict[str, Any]) -> dict[str, Any]:
    name = f"temperature {temperature:g}" + (f", top_p {top_p:g}" if top_p != 1 else "")
    sampling = {"temperature": temperature, "top_p": top_p, "min_p": 0.0}
    return {"point": name, **sampling, "quality": quality, "leakage": leakage, "scores": []}


SWEEP: dict[str, Any] = {  # as SamplerSweep writes it
    "points": [
        point(0.0, 1.0, rate(84.2, 77.3, 89.3, "best"), rate(6.1, 3.4, 10.7, "best")),
        point(0.7, 1.0, rate(80.4, 73.1, 86.1, "not distinguishable"), rate(11.3, 7.4, 16.9, "not distinguishable")),
        point(0.7, 0.9, rate(83.9, 77.0, 89.0, "not distinguishable"), rate(6.5, 3.7, 11.2, "not distinguishable")),
        point(1.0, 1.0, rate(71.8, 63.8, 78.6, "worse"), rate(19.6, 14.2, 26.4, "worse")),
        point(1.0, 0.9, rate(79.1, 71.7, 85.0, "not distinguishable"), rate(12.5, 8.3, 18.2, "worse")),
    ],
    "advice": {
        "point": "temperature 0.7, top_p 0.9",
        **{"temperature": 0.7, "top_p": 0.9, "min_p": 0.0},
        "why": "the best quality (83.9) of the 3 of 5 settings whose leakage is not distinguishable from the lowest "
        "(6.1 %)",
    },
}


TOKENIZER: dict[str, Any] = {  # a token a word, and one a run of other characters
    "version": "1.0",
    **dict.fromkeys(("truncation", "padding", "normalizer", "post_processor", "decoder")),
    "added_tokens": [],
    "pre_tokenizer": {"type": "Whitespace"},
    "model": {"type": "WordLevel", "vocab": {"?": 0}, "unk_token": "?"},
}


def write_safetensors(path: Path, shapes: dict[str, tuple[int, ...]]) -> None:
    """A file in which every number is 1."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + struct.pack("<f", 1.0) * (end // 4))


def context(root: Path, say: dict[str, str] | None = None) -> Context:
    return Context(Store(root), Pupil(say))


def build(stage: Stage, ctx: Context) -> Path:
    return ctx.store.build(stage, ctx).path


def with_board(found: dict[str, Any], **changed: Any) -> Found:
    """A stage that holds a board's numbers, changed."""
    return Found(file="board.json", text=json.dumps({**found, **changed}))
