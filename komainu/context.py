"""Context: where and how a stage runs: the store, the models, the machine. Never part of an id."""

from __future__ import annotations

import platform
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol, TypeVar

from komainu.models.base import Client, Model, Question, Reply
from komainu.models.cache import Cached
from komainu.progress import Progress, telling
from komainu.rows import Message
from komainu.settings import Settings
from komainu.spec import Spec
from komainu.stage import Stage
from komainu.store import PROGRESS, WORK, Artifact, Store, clear, reference

LIBRARIES = ("torch", "transformers", "tokenizers", "numpy", "scipy", "sacrebleu")
T = TypeVar("T")
U = TypeVar("U")


class Made(NamedTuple):
    """What running a stage gave: its summary, and what it was made with."""

    summary: dict[str, Any]
    made_with: dict[str, str]


class Elsewhere(Protocol):
    """Runs some stages in other processes: several on this machine, or on a cluster."""

    def takes(self, stage: Stage) -> bool: ...

    def make(self, stage: Stage, out: Path) -> Made: ...

    def sharing(self, stage: str, folder: Path) -> tuple[str, ...]:
        """The command of a process that does shard tasks of the stage of that id; what it is told lies in `folder`."""
        ...


@dataclass
class Group:
    """The processes that run one stage together, and which of them this is."""

    rank: int = 0
    size: int = 1
    local: int = 0  # among those of this machine
    stop: bool = False  # a signal asks to stop when what is done can be saved


@dataclass
class Context:
    """What a stage gets beside its own values. `client` answers through the call cache."""

    store: Store
    client: Client
    settings: Settings = field(default_factory=Settings)
    group: Group = field(default_factory=Group)
    elsewhere: Elsewhere | None = None

    def __enter__(self) -> Context:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Let go of what the client holds: connections, the call cache, servers it has started."""
        close = getattr(self.client, "close", None)
        if close is not None:
            close()

    def within(self, stage: Stage) -> Context:
        """This context for one stage: the calls it makes are booked to it."""
        return replace(self, client=self.client.within(reference(stage))) if isinstance(self.client, Cached) else self

    def make(self, stage: Stage, out: Path) -> Made:
        """Run a stage into its folder, in this process unless `elsewhere` takes it."""
        if self.elsewhere is not None and self.elsewhere.takes(stage):
            return self.elsewhere.make(stage, out)
        if self.group.rank == 0:
            clear(out)
        with telling(out / WORK / PROGRESS):
            return Made(stage.run(out, self.within(stage)), self.made_with())

    def spent(self, stage: Stage) -> dict[str, dict[str, Any]]:
        """What a stage has spent in all, by model: calls, tokens, money."""
        return self.client.spent(reference(stage)) if isinstance(self.client, Cached) else {}

    def open(self, stage: Stage) -> Artifact:
        """The finished artifact of an input."""
        found = self.store.find(stage)
        if found is None:
            raise LookupError(f"{stage.label} is not built; a stage may only open its own inputs: hold it in a field")
        return found

    def locate(self, weights: Spec) -> Path:
        """The model directory that a stage made."""
        assert isinstance(weights, Stage), f"Model.weights must be a Stage, not {type(weights).__name__}"
        return self.open(weights).path

    def ask(self, model: Model, prompts: Sequence[tuple[Message, ...]], sample: int = 0) -> Iterator[Reply]:
        """One reply a prompt, in order; asked at once, cached for ever."""
        return self.client.ask(model, [Question(p, sample) for p in prompts])

    def map(self, fn: Callable[[T], U], items: Iterable[T]) -> Iterator[U]:
        """Ordered, concurrent map over a stream, for functions that wait. After an error nothing more is begun."""
        waiting: deque[Future[U]] = deque()
        pool = ThreadPoolExecutor(self.workers)
        try:
            for item in items:
                waiting.append(pool.submit(fn, item))
                if len(waiting) > 2 * self.workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except KeyboardInterrupt:
            self.__exit__(None, None, None)  # ends the calls that the threads wait for
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def progress(self, total: int | None, what: str) -> Progress:
        """A counter for long work, to be entered with `with`."""
        return Progress(total, what, quiet=self.group.rank > 0)

    @property
    def workers(self) -> int:
        """How many threads step code that waits may use."""
        return self.settings.workers

    def made_with(self) -> dict[str, str]:
        """What of the machine a record should tell; nothing here is identity."""
        loaded = {name: str(getattr(sys.modules[name], "__version__", "")) for name in LIBRARIES if name in sys.modules}
        ranks = {"ranks": str(self.group.size)} if self.group.size > 1 else {}
        return {"machine": platform.machine(), "threads": str(self.settings.threads), **ranks, **loaded}
