"""Benchmarks that a program of others asks and scores: run in its own environment, imported item by item."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import msgspec

from komainu import program
from komainu.environment import Environment
from komainu.errors import UsageError
from komainu.eval.base import Answers, Bench, Lang, sampling
from komainu.eval.ruling import with_reply
from komainu.files import write_rows
from komainu.models.base import Reply
from komainu.models.relay import Ask, Relay, relaying
from komainu.rows import Chat, Message, Score
from komainu.sandbox import confined
from komainu.stage import Stage
from komainu.store import WORK

if TYPE_CHECKING:
    from komainu.context import Context

log = logging.getLogger("komainu")
LIMIT = 16  # requests of a program on their way at once: the answers are there already
SILENCE = Reply("-")  # what is answered when only the items are wanted
Turns = tuple[tuple[str, str], ...]


class Result(NamedTuple):
    """What a program made of one item: what it asked, what it was told, its scores; meta of the item beside them."""

    id: str
    asked: tuple[Message, ...]
    reply: str
    scores: dict[str, float]
    meta: dict[str, Any]


@dataclass
class Job:
    """One run of a program: its folder, its interpreter, and the relay at which it finds the model as `model`."""

    folder: Path
    python: Path
    relay: Relay
    notes: dict[str, Any] = field(default_factory=dict)  # for the summary

    def run(self, *arguments: str, **variables: str) -> None:
        """Run the interpreter with these arguments in the folder, until it ends.

        It gets `variables` and those of `komainu.environment.bare`: no keys, nothing of our Python. It ends with this
        process. Raises the relay's error as soon as there is one, and UsageError when the program fails.
        """
        program.run([str(self.python), *arguments], self.folder, variables, lambda: self.relay.failure)

    def run_confined(self, *arguments: str, see: Path, write: Sequence[Path]) -> None:
        """Run the interpreter with these arguments cut off from this machine, as `komainu.sandbox.confined` does it.

        It finds the folder `see` in its working directory, and may change the files `write` in it, and nothing else.
        It has no network, so it does not reach the relay. Raises NoSandbox before anything is run, and UsageError when
        the program fails.
        """
        self.folder.chmod(0o700)
        files = [(file, f"{see.name}/{file.relative_to(see)}") for file in write]
        command = confined.command(self.python, arguments, [(see, see.name)], files)
        program.run(command, self.folder, {}, called=" ".join([str(self.python), *arguments]))


@dataclass(frozen=True, kw_only=True)
class Harness(Stage, ABC):
    """The items of a benchmark of another program, as prompts: Chat rows with meta.bench and meta.lang.

    A new program is one file with `environment`, `bench` and `play`. To list the items, the program is run once
    against a model that says nothing, before any model is asked; a program whose items we read ourselves overrides
    `listed`. One that runs model-written code in its own process is `confined`, and started with `job.run_confined`.
    """

    makes: ClassVar[type] = Chat
    confined: ClassVar[bool] = False
    environment: Environment
    language: Lang

    @property
    @abstractmethod
    def bench(self) -> str:
        """What a board calls it, with the program's name in it."""

    @abstractmethod
    def play(self, job: Job, items: Sequence[Chat], ctx: Context) -> Iterator[Result]:
        """Let the program ask the model of the job and score it; one result an item, in any order.

        `items` are this stage's rows; none while they are being listed.
        """

    def summary(self, items: Sequence[Chat], results: Mapping[str, Result]) -> dict[str, Any]:
        """The benchmark's own totals, where they are more than a mean over items."""
        return {}

    def listed(self, out: Path, ctx: Context) -> Iterator[Chat]:
        """The items."""
        with job(self, out, ctx, lambda messages: SILENCE) as run:
            for result in self.play(run, (), ctx):
                yield Chat(result.id, result.asked, {"bench": self.bench, "lang": self.language, **result.meta})

    def prepare(self, job: Job) -> None:
        """Get what the program needs from the network and its environment lacks, before any model is asked."""

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        if self.confined:
            confined.needed()
        rows = write_rows(out / "rows.jsonl", self.listed(out, ctx))
        if not rows:
            raise UsageError(f"{self.bench} has no items: look at the task's definition and its data")
        return {"rows": rows, "bench": self.bench, "environment": self.environment.id}


@dataclass(frozen=True, kw_only=True)
class External(Answers):
    """Chat rows: the items of a Harness, answered by `model` when the program of others asked it, with what that
    program said of each answer in `meta["told"]`; `Told` makes scores of it.

    The model is asked first, all items at once and through the call cache, as `Answers` does; then the program runs,
    and a relay hands it those answers. So a model that a stage trained needs no server, no key leaves this process,
    and an interrupted run pays nothing twice. The model's own sampling holds; what the program wanted is counted in
    the summary under `wanted`. For an item without a result the verdict is missing.
    """

    items: Harness
    samples: int = 1

    def check(self) -> Iterator[str]:
        yield from super().check()
        if self.samples != 1:
            yield f"External.samples is {self.samples}; a program of others asks once"

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        items, replies = self.read_items(ctx), dict[Turns, Reply]()

        def ask(messages: tuple[Message, ...]) -> Reply:
            if (known := replies.get(turns_of(messages))) is not None:
                return known
            (reply,) = ctx.ask(self.model, [messages])
            return reply

        with job(self.items, out, ctx, ask) as run:
            with ctx.progress(len(items), f"answers of {self.model.name}") as bar:
                for item, reply in zip(items, ctx.ask(self.model, [item.prompt for item in items]), strict=True):
                    replies[turns_of(item.messages)] = reply
                    bar.update()
            log.info("%s scores %s", self.items.bench, self.model.name)
            results = {result.id: result for result in self.items.play(run, items, ctx)}
        differing(self.items, items, results)
        rows = [answered(item, results.get(item.id), replies[turns_of(item.messages)]) for item in items]
        ends = Counter(row.meta.get("finish", "stop") for row in rows if row.answered)
        return {
            "rows": write_rows(out / "rows.jsonl", rows),
            "items": len(items),
            "without_result": len(items) - len(results),
            "model": self.model.name,
            "sampling": sampling(self.model),
            "wanted": dict(sorted(run.relay.wanted.items())),
            "finish": dict(sorted(ends.items())),
            "environment": self.items.environment.id,
            **run.notes,
            **self.items.summary(items, results),
        }


@contextmanager
def job(harness: Harness, out: Path, ctx: Context, ask: Ask) -> Iterator[Job]:
    """The environment made, the relay open, the folder of this run ready; the folder is scratch and goes at the end.

    Raises NoSandbox before anything is made where a program that must be confined cannot be.
    """
    if harness.confined:
        confined.needed()
    python = harness.environment.python(Path(ctx.settings.environments))
    folder = out / WORK
    folder.mkdir(exist_ok=True)
    with relaying(ask, LIMIT) as relay:
        made = Job(folder.absolute(), python, relay)
        harness.prepare(made)
        yield made


def differing(harness: Harness, items: Sequence[Chat], results: dict[str, Result]) -> None:
    """UsageError when a program's run was not about the items it listed before."""
    asked = {item.id: item.messages for item in items}
    for result in results.values():
        if result.asked != asked.get(result.id):
            why = "asked something else for it" if result.id in asked else "did not list it before"
            raise UsageError(
                f"{harness.bench}: the item {result.id!r} is not what it was, the program {why}"
                ": its data has changed; pin the revision of the data where the task is defined"
            )


def turns_of(messages: tuple[Message, ...]) -> Turns:
    return tuple((message.role, message.content) for message in messages)


def answered(item: Chat, result: Result | None, reply: Reply) -> Chat:
    """The item with the model's reply, as the program saw it, and its scores; none where it gave no result."""
    text, told = (reply.text, {}) if result is None else (result.reply, result.scores)
    return with_reply(item, msgspec.structs.replace(reply, text=text), None).with_meta(told=told)


@dataclass(frozen=True, kw_only=True)
class Told(Bench):
    """What a program of others said of each answer, in `metrics` of its own; `name` is its Harness' `bench`.

    Our rules hold before it is looked at, as for every bench: no answer is missing, an empty one is the worst.
    """

    name: str  # type: ignore[misc]  # a value here: one class serves all programs
    metrics: tuple[str, ...]  # type: ignore[misc]
    top: float = 1.0  # type: ignore[misc]
    higher_is_better: bool = True  # type: ignore[misc]

    def applies(self, chat: Chat) -> bool:
        return chat.meta.get("bench") == self.name and super().applies(chat)

    def group(self, chat: Chat) -> str:
        return str(chat.meta.get("task", ""))

    def score(self, chat: Chat) -> list[Score]:
        if not (told := chat.meta["told"]):
            return [Score(chat.id, metric, None, why="missing: the program gave no verdict") for metric in self.metrics]
        if wrong := [metric for metric in self.metrics if metric not in told]:
            raise UsageError(f"{self.name} tells nothing of {wrong[0]!r} for {chat.id!r}; it tells {', '.join(told)}")
        return [Score(chat.id, metric, told[metric]) for metric in self.metrics]
