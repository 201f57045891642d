"""Benchmarks with items of their own: where the items come from, and what their benches have in common."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from komainu.errors import UsageError
from komainu.eval.base import Bench
from komainu.eval.ruling import scored
from komainu.files import write_rows
from komainu.rows import Chat, Row, Score
from komainu.spec import Spec, where
from komainu.stage import Stage

if TYPE_CHECKING:
    from komainu.context import Context


@dataclass(frozen=True, kw_only=True)
class Source(Spec):
    """A published set: a dataset of the Hugging Face hub at a commit, or a local file or folder of the same schema.

    Identity is repo and revision, or the content of the local files (`sha256`, taken from them unless given).
    Not covered: gated sets without a token in HF_TOKEN.
    """

    repo: str = ""
    revision: str = ""
    path: str = where()
    sha256: str = ""

    def __post_init__(self) -> None:
        if self.path and not self.sha256 and Path(self.path).exists():
            object.__setattr__(self, "sha256", content_hash(self.path))

    def problems(self) -> Iterator[str]:
        """What is wrong with the source, before anything is fetched."""
        if bool(self.repo) == bool(self.sha256 or self.path):
            yield "a source is a hub repo with its revision, or a local path; give one of them"
        elif self.repo and (len(self.revision) != 40 or set(self.revision) - set("0123456789abcdef")):
            yield f"the revision of {self.repo} is {self.revision!r}; give the commit's 40 hex digits"
        elif not self.repo and not Path(self.path).exists():
            yield f"{self.path or 'the source'} does not exist; give the file or folder of the set"
        elif not self.repo and content_hash(self.path) != self.sha256:
            yield f"{self.path} has changed: its sha256 is {content_hash(self.path)}, the recipe says {self.sha256}"

    def file(self, name: str) -> Path:
        """The set's file of that name; a local path that is a file stands for every name.

        Raises UsageError when there is none.
        """
        if self.repo:
            from huggingface_hub import hf_hub_download

            return Path(hf_hub_download(self.repo, name, repo_type="dataset", revision=self.revision))
        at = Path(self.path)
        found = at if at.is_file() else at / name
        if not found.is_file():
            raise UsageError(f"{found}: no such file; the set has one of this name")
        return found


@cache
def content_hash(path: str) -> str:
    """SHA-256 of a file, or over the names and contents of a folder's files, hidden ones left out."""
    at, total = Path(path), hashlib.sha256()
    files = [at] if at.is_file() else sorted(p for p in at.rglob("*") if p.is_file())
    for file in files:
        name = file.relative_to(at).as_posix() if file != at else ""
        if any(part.startswith(".") for part in name.split("/")):
            continue
        with open(file, "rb") as handle:
            total.update(f"{name}\0{hashlib.file_digest(handle, 'sha256').hexdigest()}\n".encode())
    return total.hexdigest()


@dataclass(frozen=True, kw_only=True)
class Items(Stage, ABC):
    """The items of one benchmark as prompts (Chat rows); meta.bench is the bench's name, meta.lang its language.

    `limit` takes that many of them (of each meta.set, where they are of several), chosen by the hash of their ids, so
    that a file's order plays no part; 0: all.
    A new set is one file with `read`; a set from elsewhere has a field `source`.
    """

    makes: ClassVar[type] = Chat
    limit: int = 0

    @abstractmethod
    def read(self) -> Iterator[Chat]:
        """All items, in the set's order. Raises UsageError with file:line for what is not as the schema says."""

    def limited(self, n: int) -> Self:
        """These items with at most `n` of each set that they hold; 0: all."""
        return self if n == self.limit else replace(self, limit=n)  # itself has read them already

    def check(self) -> Iterator[str]:
        source = getattr(self, "source", None)
        if isinstance(source, Source):
            yield from (f"{type(self).__name__}.source: {problem}" for problem in source.problems())
        if self.limit < 0:
            yield f"{type(self).__name__}.limit is {self.limit}; it must be 0 (all) or more"

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        return len(self.rows()) if self.here else self.limit or None

    def peek(self) -> Iterator[Row] | None:
        return iter(self.rows()) if self.here else None

    @property
    def here(self) -> bool:
        """Whether the items can be read without fetching anything."""
        return not getattr(getattr(self, "source", None), "repo", "")

    @cached_property
    def everything(self) -> tuple[Chat, ...]:
        return tuple(self.read())

    def rows(self) -> list[Chat]:
        """The items that are asked, in the set's order."""
        everything = self.everything
        if not self.limit:
            return [*everything]
        chosen: set[str] = set()
        taken: Counter[Any] = Counter()
        for item in sorted(everything, key=lambda item: hashlib.sha256(item.id.encode()).digest()):
            taken[item.meta.get("set")] += 1
            if taken[item.meta.get("set")] <= self.limit:
                chosen.add(item.id)
        return [item for item in everything if item.id in chosen]

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        return {"rows": write_rows(out / "rows.jsonl", self.rows())}


@dataclass(frozen=True, kw_only=True)
class Published(Bench):
    """A bench for the items of one published set: those whose meta.bench is its name."""

    carried: ClassVar[tuple[str, ...]] = ()  # the fields of a row of answers that make it an item of the set itself

    def applies(self, chat: Chat) -> bool:
        return chat.meta.get("bench") == self.name and super().applies(chat)

    def verdict(self, chat: Chat) -> dict[str, Any]:
        """What `komainu eval score` prints for one answer, missing and empty ones too."""
        return self.told(chat, [*scored(self, chat)])

    def told(self, chat: Chat, scores: Sequence[Score]) -> dict[str, Any]:
        """The scores of one answer as verdicts, without means: `pass`, or each metric by its name; None: missing."""
        if len(scores) == 1:
            return {"pass": None if scores[0].value is None else scores[0].value == self.top}
        found: dict[str, Any] = {metric: [s.value for s in scores if s.metric == metric] for metric in self.metrics}
        return {metric: some if metric in self.pooled else some[0] for metric, some in found.items()}
