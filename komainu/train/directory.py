"""Models made elsewhere: a local model directory, or a repository of the Hugging Face hub at a pinned revision."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from komainu.errors import UsageError
from komainu.licences import TEXTS
from komainu.spec import where
from komainu.stage import Stage, Weights

if TYPE_CHECKING:
    from komainu.context import Context

TOKENIZERS = ("tokenizer.json", "tokenizer.model")
SKIPPED = (".git", ".cache", "original")  # what a model directory may hold beside the model


@dataclass(frozen=True, kw_only=True)
class Directory(Stage):
    """A standard model directory on this machine; its identity is the content of its files, not its path.

    The artifact links to the files: they must stay where they are.
    """

    makes = Weights
    path: str = where()
    sha256: str = ""
    licence: str = ""

    @staticmethod
    def of(path: str, licence: str = "") -> Directory:
        """The stage of a directory, its content hashed; a directory that is not a model is reported by check()."""
        return Directory(path=path, sha256=content_hash(path), licence=licence)

    def check(self) -> Iterator[str]:
        yield from not_a_model(Path(self.path))

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        if problems := [*self.check()]:
            raise UsageError("; ".join(problems))
        if (found := content_hash(self.path)) != self.sha256:
            raise UsageError(
                f"{self.path} has changed since the recipe was read: {found[:12]}, not {self.sha256[:12]}; run again"
            )
        return link(Path(self.path), out) | {"licence": self.licence}


@dataclass(frozen=True, kw_only=True)
class Hub(Stage):
    """A repository of the Hugging Face hub. The revision is a commit: a branch could change under the id."""

    makes = Weights
    repo: str
    revision: str
    licence: str = ""

    def check(self) -> Iterator[str]:
        if len(self.revision) != 40 or set(self.revision) - set("0123456789abcdef"):
            yield f"Hub.revision of {self.repo} is {self.revision!r}; give the commit's 40 hex digits"

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from huggingface_hub import snapshot_download

        wanted = [
            "*.json",
            "*.safetensors",
            "*.model",
            "*.jinja",
            "*.txt",
            "LICENSE*",
            "LICENCE*",
            "NOTICE*",
            "USE_POLICY*",
        ]
        source = Path(snapshot_download(self.repo, revision=self.revision, allow_patterns=wanted))
        if problems := [*not_a_model(source)]:
            raise UsageError("; ".join(problems))
        return link(source, out) | {"licence": self.licence}


def model_at(text: str, licence: str = "") -> Directory | Hub:
    """A model by directory, or by `owner/name@commit` of the hub."""
    repo, at, revision = text.partition("@")
    if at and repo.count("/") == 1 and not Path(text).exists():
        return Hub(repo=repo, revision=revision, licence=licence)
    return Directory.of(text, licence)


def not_a_model(path: Path) -> Iterator[str]:
    """What a model directory needs and this one lacks."""
    if not path.is_dir():
        hint = "; a model of the hub is owner/name@commit" if path.as_posix().count("/") == 1 else ""
        yield f"{path} is not a directory{hint}"
        return
    if not (path / "config.json").exists():
        yield f"{path} is not a model directory: it has no config.json"
    if not any(path.glob("*.safetensors")):
        pickled = " (its pickled weights are not loaded: convert them)" if any(path.glob("*.bin")) else ""
        yield f"{path} is not a model directory: it has no *.safetensors{pickled}"
    if not any((path / name).exists() for name in TOKENIZERS):
        yield f"{path} has no tokenizer: none of {', '.join(TOKENIZERS)}"


@cache
def content_hash(path: str) -> str:
    """SHA-256 over the names and contents of a directory's files; "" when there is no such directory."""
    if not Path(path).is_dir():
        return ""
    total = hashlib.sha256()
    for file in files_of(Path(path)):
        with open(file, "rb") as handle:
            digest = hashlib.file_digest(handle, "sha256").hexdigest()
        total.update(f"{file.relative_to(path).as_posix()}\0{digest}\n".encode())
    return total.hexdigest()


def files_of(path: Path) -> list[Path]:
    found = (p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
    kept = (p for p in found if not set(p.relative_to(path).parts) & set(SKIPPED))
    return sorted(p for p in kept if p.suffix in (".json", ".safetensors", ".model", ".jinja", ".txt"))


def link(source: Path, out: Path) -> dict[str, Any]:
    """Link a model's files, and those with its terms, which are no part of what it is and may have any suffix."""
    terms = {f for f in source.iterdir() if f.is_file() and TEXTS.fullmatch(f.name)}
    files = [f for f in sorted({*files_of(source), *terms}) if f.name != "record.json"]
    for file in files:
        target = out / file.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(file.resolve())
    return {"files": len(files)}
