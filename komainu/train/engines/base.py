"""Training by a program of others: an SFT or DPO stage rendered for it, run by its launcher, the weights taken back."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from komainu.environment import Environment
from komainu.errors import UsageError, nearest
from komainu.settings import Settings, Trainer, TrainerName
from komainu.stage import Stage, Weights
from komainu.train.base import Train
from komainu.train.dpo import DPO
from komainu.train.sft import SFT

if TYPE_CHECKING:
    from komainu.context import Context
    from komainu.store import Store

Keys = dict[str, Any]
CACHE = "cache"  # in a run's scratch folder: what libraries keep, and what DeepSpeed compiles
FILES = ("deepspeed",)  # keys of the settings that name a file
NO_KEYS = {  # no hub, no tracking: the program gets what it needs from us
    "HF_HUB_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "AXOLOTL_DO_NOT_TRACK": "1",
    "WANDB_DISABLED": "true",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONSAFEPATH": "1",  # else our files beside a script would stand in for packages of their names
}


class Site(NamedTuple):
    """Where a run's files lie, and what only its rows and model tell. What is not known yet is a name in braces."""

    model: str = "{model}"
    data: str = "{data}"
    out: str = "{out}"
    rows: int | str = "{rows}"
    steps: int | str = "{steps}"
    warm: int | str = "{warm}"
    context: int | str = "{context}"


@dataclass(frozen=True, kw_only=True)
class Engine(Stage, ABC):
    """An SFT or DPO stage trained by a program of others. Its result is not ours to the bit, so it is a stage of its
    own: program, version and packages are part of the id, and so is the whole of `of`, but for a DPO's `reference`,
    which such a program computes itself.

    What of `of` the program does not have is refused by name. GPUs and memory are settings (`trainers` in
    komainu.toml): they change how it runs, never what it learns. docs/engines.md has the mapping.
    Not covered: starting the program on several machines.
    """

    makes: ClassVar[type] = Weights
    name: ClassVar[TrainerName]
    placing: ClassVar[frozenset[str]]  # keys that a user's settings may give: how it runs
    of: SFT | DPO
    environment: Environment

    def refused(self) -> Iterator[str]:
        """What of `of` the program does not have, a sentence each, the field first; here what none of them has."""
        fit = self.of.fit
        if fit.order != "shuffled":
            yield f"fit.order {fit.order!r}: {self.name} draws its own order"
        if fit.pack:
            yield f"fit.pack {fit.pack}: {self.name} puts other rows together than best fit does; leave it out"
        if fit.optimizer == "muon":
            yield f"fit.optimizer 'muon': {self.name}'s is another algorithm with another learning rate"
        if fit.floor and fit.schedule != "cosine":
            yield f"fit.floor {fit.floor}: {self.name} has one for the cosine schedule alone, not for {fit.schedule!r}"

    @abstractmethod
    def keys(self, site: Site, here: Trainer) -> Keys:
        """The program's own keys, whatever the form in which it takes them."""

    @abstractmethod
    def rendered(self, keys: Keys) -> str:
        """The keys as the text that a person would write: a config file, or a command."""

    @abstractmethod
    def layout(self, tokenizer: Any, rows: list[Any], steps: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """The lines of the data file in the program's layout, each with the id of its row, which stays here."""

    @abstractmethod
    def validate(self, session: Session, keys: Keys) -> None:
        """Let the program itself judge the keys; UsageError for what it refuses, or would ignore."""

    @abstractmethod
    def launch(self, session: Session, keys: Keys) -> None:
        """Train; the model directory is then at the site's `out`."""

    @abstractmethod
    def losses(self, said: str) -> list[float]:
        """The losses in what the program said, step by step."""

    @property
    def inputs(self) -> dict[str, Stage]:
        return {f"of.{path}": stage for path, stage in self.of.inputs.items() if path in ("model", "data")}

    def config(self, *, full: bool = True) -> dict[str, Any]:
        inner = self.of.config(full=full)
        return super().config(full=full) | {"of": {k: v for k, v in inner.items() if k != "reference"}}

    def check(self) -> Iterator[str]:
        if type(self.of) not in (SFT, DPO):
            yield f"{type(self).__name__}.of is {type(self.of).__name__}; only SFT and DPO are rendered"
            return
        yield from alone(self.of).check()
        yield from (f"{type(self).__name__}: {why}" for why in self.refused())

    def bad_rows(self, store: Store) -> Iterator[str]:
        yield from alone(self.of).bad_rows(store)

    def misplaced(self, settings: Settings) -> Iterator[str]:
        try:
            trainer = settings.trainer(self.name)
            cut(self.of.fit.global_batch, trainer, self.at_once(trainer), self.along(trainer))
            placed(self.name, trainer, self.placing)
            yield from self.unfit(trainer)
        except UsageError as error:
            yield str(error)

    @abstractmethod
    def at_once(self, here: Trainer) -> int:
        """How many rows a GPU takes at a time."""

    def along(self, here: Trainer) -> int:
        """How many GPUs share each row."""
        return 1

    def unfit(self, here: Trainer) -> Iterator[str]:
        """What of the stage this machine's settings do not suit."""
        yield from ()

    def sketch(self, settings: Settings, rows: Callable[[Stage], int | None]) -> str:
        here, site = settings.trainer(self.name), Site()
        if (known := rows(self.of.data)) is not None:
            site = sized(self.of, known, site)
        return self.rendered(self.keys(site, here))

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.train.engines.run import train

        return train(self, out, ctx)


class Session(NamedTuple):
    """One run: its scratch folder, the environment's interpreter, the settings, threads of the CPU (0: all)."""

    folder: Path
    python: Path
    here: Trainer
    threads: int

    def variables(self, **more: str) -> dict[str, str]:
        """The program's environment: its own programs first, nothing from the network, its caches in the folder."""

        path = f"{self.python.parent}{os.pathsep}{os.environ.get('PATH', '')}"
        threads = {"OMP_NUM_THREADS": str(self.threads)} if self.threads else {}
        cache = {"HF_HOME": str(self.folder / CACHE), "TORCH_EXTENSIONS_DIR": str(self.folder / CACHE / "compiled")}
        blind = {} if self.here.gpus else {"CUDA_VISIBLE_DEVICES": ""}
        return {**NO_KEYS, **threads, **blind, **cache, "PATH": path, **more}


def alone(of: SFT | DPO) -> Train:
    """The stage with the reference that its check asks for: the program of others makes that itself."""
    if isinstance(of, DPO) and of.reference is None and of.objective.referenced:
        from komainu.train.reference import Reference

        return replace(of, reference=Reference(model=of.model, data=of.data))
    return of


def sized(of: SFT | DPO, rows: int, site: Site) -> Site:
    """The site with what the number of rows tells."""
    steps = of.fit.total_steps(rows)
    return site._replace(rows=rows, steps=steps, warm=of.fit.warm_steps(steps))


def cut(batch: int, here: Trainer, at_once: int, along: int = 1) -> int:
    """Micro-batches of a GPU in a step, `along` GPUs to a row; UsageError when they do not come out even."""
    gpus = max(1, here.gpus)
    if gpus % along:
        raise UsageError(
            f"{gpus} GPUs cannot share rows by {along}; change the GPUs in komainu.toml, or how many share"
        )
    if batch % (gpus // along * at_once):
        groups = f"{gpus // along} groups of {along} GPUs" if along > 1 else f"{gpus} GPUs"
        raise UsageError(
            f"global_batch {batch} cannot be cut: {groups} x {at_once} rows at a time are {gpus // along * at_once}; "
            "change the GPUs in komainu.toml, the rows at a time, or the batch"
        )
    return batch // (gpus // along * at_once)


def placed(name: str, here: Trainer, known: frozenset[str]) -> Mapping[str, Any]:
    """The keys of the settings; UsageError for one that would say what is learnt, or that nobody knows."""
    for key in here.keys:
        if key not in known:
            raise UsageError(
                f"trainers.{name}.keys: {key!r} is not among the keys that only say how it runs"
                f"{nearest(key, known)}; what is learnt belongs in the stage"
            )
    return {key: str(Path(v).absolute()) if key in FILES else v for key, v in here.keys.items()}
