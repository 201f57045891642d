"""komainu.toml: where and how things run on this machine. Never part of an id."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from komainu.errors import UsageError, nearest

FILE = "komainu.toml"
FROM_ENVIRONMENT = {
    "store": "KOMAINU_STORE",
    "environments": "KOMAINU_ENVIRONMENTS",
    "workers": "KOMAINU_WORKERS",
    "threads": "KOMAINU_THREADS",
    "processes": "KOMAINU_PROCESSES",
    "items": "KOMAINU_ITEMS",
}
FIXTURES = "KOMAINU_FIXTURES"
Positive = Annotated[int, msgspec.Meta(ge=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]
EngineName = Literal["transformers", "vllm", "sglang"]
TrainerName = Literal["axolotl", "openrlhf"]
DeviceName = Literal["l4", "l40s", "rtx4090", "rtx5090", "a100-40", "a100-80", "h100", "h200", "b200", "mi300x"]
Variable = Annotated[str, msgspec.Meta(pattern="^([A-Za-z_][A-Za-z0-9_]*)?$")]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Line = Annotated[str, msgspec.Meta(pattern=r"\A[^\n]*\Z")]
Money = Annotated[float, msgspec.Meta(ge=0)]


class Endpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A server that speaks the OpenAI protocol: at `url`, or started here by `start` when first asked.

    Several urls are replicas: servers of the same model that share the work. `start` is a command; {python} and
    {port} in it are filled in. `key` is the name of the environment variable that holds the key, never the key.
    `model` is the name the server knows the model by, where that differs.
    """

    url: str | tuple[str, ...] = ""
    start: tuple[str, ...] = ()
    key: Variable = ""
    model: str = ""
    concurrency: Positive = 32  # requests on their way at once, over all urls
    timeout: Seconds = 600.0  # a request may take
    tries: Positive = 5
    rpm: Count = 0  # requests a minute; 0: no limit
    tpm: Count = 0  # tokens a minute, prompts and answers together; 0: no limit
    patience: Seconds = 20.0  # without a sign of life, until a server counts as dead
    rope: Count = 0  # the factor of the RoPE scaling that the server applies; 0: none
    on: Literal["here", "slurm", "ray"] = "here"  # where `start` is run
    replicas: Positive = 1  # servers that are started there
    gpus: Count = 0  # of each of them
    same_template: bool = False  # refuse it when it cannot be told whether it applies the trained chat template

    def __post_init__(self) -> None:
        if not self.url and not self.start:
            raise ValueError("an endpoint needs `url`, or `start` to start one here")
        if self.on == "here" and (self.replicas > 1 or self.gpus):
            raise ValueError("`replicas` and `gpus` are for servers started on other machines: set `on`")
        if self.on != "here" and (self.url or not self.start):
            raise ValueError("an endpoint with `on` needs `start` and no `url`: the addresses are found")
        if not all(url.startswith(("http://", "https://")) for url in self.urls):
            raise ValueError("`url` must start with http:// or https://")
        if len({*self.urls}) < len(self.urls):
            raise ValueError("`url` names a server twice")

    @property
    def urls(self) -> tuple[str, ...]:
        """Where its replicas answer; () for one that is only started here."""
        return self.url if isinstance(self.url, tuple) else (self.url,) if self.url else ()


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model costs: money for a million tokens of prompt and of answer, thinking included."""

    input: Money
    output: Money
    currency: str = "USD"


class Runtime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an engine runs on this machine. `environment` is printed with the command: no keys in it."""

    python: str = "{python}"  # the python that has the engine; {python} is the one that runs komainu
    flags: tuple[str, ...] = ()  # added to the command
    environment: dict[Variable, str] = {}
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    timeout: Seconds = 600.0  # it may take to start, and a request may take
    concurrency: Positive = 64


class Training(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In how many processes, and where, models are trained."""

    ranks: Positive = 1  # processes that train a model together; 1 is this process, unless on Slurm
    shard: bool = False  # FSDP2: each rank holds a part of weights, gradients and optimiser state
    where: Literal["here", "slurm"] = "here"
    recompute: bool = False  # activations are computed again on the way back: less memory, more time
    device: Literal["", DeviceName] = ""  # what each of the processes computes on, for plans; "": the CPU
    price: Money = 0.0  # of an hour of one device


class Slurm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a job asks of Slurm. `lines` go into the script's head as they are, `setup` runs on it before the ranks."""

    partition: Line = ""
    account: Line = ""
    qos: Line = ""
    time: Line = ""  # as Slurm writes it: 24:00:00
    nodes: Positive = 1
    gpus: Count = 0  # a node
    cpus: Count = 0  # a task
    memory: Line = ""  # a node, as Slurm writes it: 500G
    requeue: bool = True
    warn: Count = 120  # seconds before the time limit that a checkpoint is saved and the job requeued; 0: never
    poll: Seconds = 10.0  # between two looks at the queue
    lines: tuple[Line, ...] = ()
    setup: tuple[Line, ...] = ()


class Trainer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a training engine of others runs on this machine. `keys` are its own, those that say how it runs."""

    gpus: Count = 0  # of this machine; 0: the CPU
    micro_batch: Positive = 1  # rows a GPU takes at a time, where that changes nothing
    keys: dict[str, Any] = {}


class Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where data steps that decide each row by itself are done."""

    on: Literal["processes", "slurm", "ray"] = "processes"
    rows: Positive = 50_000  # of a shard task on another machine; a dataset of no more stays here
    at_once: Count = 0  # shard tasks at once; 0: as many as there is room for
    ray: Line = "auto"  # the address of the Ray cluster
    slurm: Slurm | None = None  # what a shard task asks of Slurm, where that differs from a training job


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of komainu.toml; every field has a default."""

    store: str = "./store"
    environments: str = "./.envs"  # Python environments of other programs
    workers: Positive = 16  # threads for step code that waits
    threads: Count = 0  # CPU threads for training and generation here; 0: all cores
    processes: Count = 0  # processes for data steps that decide each row by itself; 0: as many as cores
    batch: Positive = 256  # answers generated at once by a model in this process
    checkpoint_seconds: float = 30.0  # between two checkpoints of a training run
    trackers: tuple[str, ...] = ()  # beside metrics.jsonl, which is always written; see train/trackers.py
    items: tuple[str, ...] = ()  # folders with the items of published benchmarks
    judges: tuple[str, ...] = ()  # who marks where judges are needed, as --judge names them
    endpoints: dict[str, Endpoint] = {}
    prices: dict[str, Price] = {}  # by the name of the model
    budget: Money | None = None  # money a target may cost, stopped runs of it included
    engine: Literal["", EngineName] = ""  # what answers for models that stages trained; "": this process
    engines: dict[EngineName, Runtime] = {}
    llama_cpp: str = ""  # a checkout of llama.cpp, whose converter makes GGUF files
    train: Training = Training()
    data: Data = Data()
    slurm: Slurm = Slurm()
    trainers: dict[TrainerName, Trainer] = {}  # training engines of others

    def __post_init__(self) -> None:
        if len({p.currency for p in self.prices.values()}) > 1:
            raise ValueError("`prices` are in several currencies; give all in one")

    @property
    def currency(self) -> str:
        """The currency of all prices."""
        return next((p.currency for p in self.prices.values()), "USD")

    @property
    def keys(self) -> frozenset[str]:
        """The environment variables that hold keys; no process started here gets them."""
        return frozenset(e.key for e in self.endpoints.values() if e.key)

    @property
    def root(self) -> Path:
        return Path(os.environ.get("KOMAINU_STORE") or self.store)

    def trainer(self, name: TrainerName) -> Trainer:
        """How a training engine runs here; the defaults where nothing is set."""
        return self.trainers.get(name) or Trainer()

    @property
    def shelves(self) -> tuple[Path, ...]:
        """The folders of items; the tests' own comes last."""
        return tuple(map(Path, filter(None, (*self.items, os.environ.get(FIXTURES)))))

    def serving(self, name: str, endpoint: Endpoint | None) -> Settings:
        """These settings with that endpoint for the model of a name, or with none for it."""
        others = {n: e for n, e in self.endpoints.items() if n != name}
        return msgspec.structs.replace(self, endpoints=others if endpoint is None else {**others, name: endpoint})


def endpoint_at(url: str, key: str = "", model: str = "") -> Endpoint:
    """An endpoint that stands in no file. Raises UsageError for a url or a variable's name that is none."""
    return _convert({"endpoints": {"it": {"url": url, "key": key, "model": model}}}, url).endpoints["it"]


def load(path: Path | None = None) -> Settings:
    """Read komainu.toml (of this folder, unless given); the defaults when there is none.

    KOMAINU_SETTINGS names another file; the variables of FROM_ENVIRONMENT go before the file.
    Raises UsageError with the file and the setting.
    """
    file = path or Path(os.environ.get("KOMAINU_SETTINGS") or FILE)
    found: dict[str, Any] = {}
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if path is not None or os.environ.get("KOMAINU_SETTINGS"):
            raise UsageError(f"{file}: no such settings file; mend KOMAINU_SETTINGS, or unset it") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: not TOML: {error}; docs/settings.md has examples") from None
    except OSError as error:
        raise UsageError(
            f"{file}: cannot be read: {error.strerror}; let this user read it, or name another with KOMAINU_SETTINGS"
        ) from None
    settings = _convert(found, str(file))
    given: dict[str, Any] = {name: os.environ[v] for name, v in FROM_ENVIRONMENT.items() if os.environ.get(v)}
    if not given:
        return settings
    where = ", ".join(FROM_ENVIRONMENT[name] for name in given)
    if "items" in given:
        given["items"] = given["items"].split(os.pathsep)
    return _convert({**found, **given}, f"environment ({where})", strict=False)


def without_keys(settings: Settings) -> dict[str, str]:
    """The environment for a child process: this one's without any endpoint's key."""
    keys = {endpoint.key for endpoint in settings.endpoints.values()}
    return {name: value for name, value in os.environ.items() if name not in keys}


def capped(settings: Settings, budget: float) -> Settings:
    """The settings with another budget."""
    if not budget >= 0:
        raise UsageError(f"--budget is {budget:g}; it must be 0 or more")
    return msgspec.structs.replace(settings, budget=budget)


def _convert(found: dict[str, Any], where: str, *, strict: bool = True) -> Settings:
    try:
        return msgspec.convert(found, Settings, strict=strict)
    except msgspec.ValidationError as error:
        hint = " (the name of an environment variable, never the key itself)" if ".key`" in str(error) else ""
        raise UsageError(f"{where}: {error}{_hint(str(error))}{hint}") from None


def _hint(text: str) -> str:
    """The nearest setting to an unknown one that a validation error names."""
    if "unknown field" not in text:
        return ""
    kinds: dict[str, type[msgspec.Struct]] = {"$.endpoints": Endpoint, "$.prices": Price, "$.engines": Runtime}
    kinds |= {"$.trainers": Trainer, "$.train": Training, "$.data.slurm": Slurm, "$.data": Data, "$.slurm": Slurm}
    kind = next((kind for path, kind in kinds.items() if path in text), Settings)
    return nearest(text.split("`")[1], (f.name for f in msgspec.structs.fields(kind)))
