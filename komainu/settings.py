"""komainu.toml: where and how things run on this machine. Never part of an id."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec

from komainu.errors import UsageError, nearest

FILE = "komainu.toml"
FROM_ENVIRONMENT = {
    "store": "KOMAINU_STORE",
    "environments": "KOMAINU_ENVIRONMENTS",
    "workers": "KOMAINU_WORKERS",
    "threads": "KOMAINU_THREADS",
}
Positive = Annotated[int, msgspec.Meta(ge=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Variable = Annotated[str, msgspec.Meta(pattern="^([A-Za-z_][A-Za-z0-9_]*)?$")]


class Endpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A server that speaks the OpenAI protocol: at `url`, or started here by `start` when first asked.

    `start` is a command; {python} and {port} in it are filled in. `key` is the name of the
    environment variable that holds the key, never the key. `model` is the name the server knows the
    model by, where that differs.
    """

    url: str = ""
    start: tuple[str, ...] = ()
    key: Variable = ""
    model: str = ""
    concurrency: Positive = 32
    timeout: Annotated[float, msgspec.Meta(gt=0)] = 600.0  # seconds a request may take
    tries: Positive = 5

    def __post_init__(self) -> None:
        if not self.url and not self.start:
            raise ValueError("an endpoint needs `url`, or `start` to start one here")
        if self.url and not self.url.startswith(("http://", "https://")):
            raise ValueError("`url` must start with http:// or https://")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of komainu.toml; every field has a default."""

    store: str = "./store"
    environments: str = "./.envs"  # Python environments of other programs
    workers: Positive = 16  # threads for step code that waits
    threads: Count = 0  # CPU threads for training and generation here; 0: all cores
    batch: Positive = 256  # answers generated at once by a model in this process
    checkpoint_seconds: float = 30.0  # between two checkpoints of a training run
    trackers: tuple[str, ...] = ()  # "tensorboard", "wandb", "trackio": beside metrics.jsonl, which is always written
    endpoints: dict[str, Endpoint] = {}

    @property
    def root(self) -> Path:
        return Path(os.environ.get("KOMAINU_STORE") or self.store)


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
            raise UsageError(f"{file}: no such settings file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: not TOML: {error}") from None
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from None
    settings = _convert(found, str(file))
    given = {name: os.environ[v] for name, v in FROM_ENVIRONMENT.items() if os.environ.get(v)}
    if not given:
        return settings
    where = ", ".join(FROM_ENVIRONMENT[name] for name in given)
    return _convert({**found, **given}, f"environment ({where})", strict=False)


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
    kind = Endpoint if "endpoints" in text else Settings
    return nearest(text.split("`")[1], (f.name for f in msgspec.structs.fields(kind)))
