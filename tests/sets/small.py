"""A small chat model for the sets: the demo's recipe in miniature, with a longer context, behind komainu's own server.

It has about a quarter of a million parameters, and is trained in seconds. It writes short sentences of the textbook,
few of them right, puts text around some of its translations, and cannot judge.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from komainu.data.ask import Ask
from komainu.data.base import Dataset
from komainu.data.textbook.prompts import Prompts
from komainu.launch import open_context
from komainu.models.base import Model
from komainu.models.server import served
from komainu.settings import Endpoint, Settings
from komainu.train.sft import SFT
from komainu.train.tokenizer import Tokenizer
from recipes import demo
from tests.sets.world import started

CONTEXT = 4096  # tokens; the demo's own 256 are too few for a judge's prompt
TASKS = ("questions", "translate_ja", "translate_en")
TEACHER = "textbook@extra_text=0.6,casual=0,register=0,leak=0,truncated=0,wrong=0"  # it learns this one habit
SIZE = demo.Size(64, 2)
EFFORT = demo.Effort(
    raw=600, talk=800, core=0, sums=0, tune=0, items=0, manners=0, swept=0, duels=0, steps=(100, 150, 0)
)


def model() -> SFT:
    """Raw text -> tokenizer and base -> SFT on the textbook's teacher."""
    base = demo.pretrained(SIZE, EFFORT, seed=0)
    words = Tokenizer(data=base.data, vocab=1024)
    base = replace(base, model=words, shape=replace(base.shape, layers=2, context=CONTEXT))
    asked = Prompts(side="train", n=EFFORT.talk, tasks=TASKS)
    talk = Dataset(sources=(asked,), steps=(Ask(model=replace(demo.TEACHER, name=TEACHER)),))
    return SFT(model=base, data=talk, fit=SIZE.fit(2e-3, 24, EFFORT.steps[1], 0, optimizer="muon"))


@contextmanager
def speaking(store: Path, *names: str) -> Iterator[tuple[Path, dict[str, Endpoint]]]:
    """The directory of the model, trained in a store, and endpoints of its server by these names."""
    trained = model()
    with open_context(Settings(store=str(store), threads=1, endpoints=started(TEACHER))) as ctx:
        directory = ctx.store.build(trained, ctx).path
    with served(directory, Settings(threads=1), Model(name="small"), required=True) as endpoint:
        yield directory, dict.fromkeys(names, endpoint)
