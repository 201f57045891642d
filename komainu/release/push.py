"""A finished set or model put on a hub in one commit. Needs huggingface_hub, which comes with transformers."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal, NamedTuple

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile

from komainu.errors import UsageError
from komainu.release import leaks
from komainu.seal import changes, files_of
from komainu.store import Artifact

ROWS = (".parquet",)  # their rows were looked at when they were written
OLD = {  # what an earlier push left and this one lacks, goes: it would be read with the rest
    "dataset": ("data/train-*.parquet",),
    "model": ("model*.safetensors", "model.safetensors.index.json", ".eval_results/*.yaml"),
}


class Ready(NamedTuple):
    """A file as it will be in the repository."""

    path: str
    bytes: int
    sha256: str


class Place(NamedTuple):
    """A repository of a hub. `variable` names the environment variable with the token; HF_ENDPOINT another hub."""

    repo: str
    kind: Literal["dataset", "model"]
    variable: str

    def api(self) -> HfApi:
        """Raises UsageError without a token."""
        if any(re.search(pattern, self.variable.encode()) for pattern in leaks.KEYS.values()):
            raise UsageError("--token takes the name of an environment variable, never the token itself")
        if not (token := os.environ.get(self.variable, "")):
            raise UsageError(
                f"the environment variable {self.variable} is not set: it must hold a token that may write {self.repo}"
            )
        return HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, token=token)

    def failure(self, what: str, error: Exception) -> UsageError:
        """An error without the token in it."""
        return UsageError(f"{self.repo} {what}: {str(error).replace(os.environ[self.variable], '...')}")


class Seen(NamedTuple):
    """What a repository has: the files of a push that are there as they are, and old ones that have to go."""

    there: frozenset[str] = frozenset()
    old: tuple[str, ...] = ()


def ready(card: Artifact, known: leaks.Known) -> list[Ready]:
    """Every file that would be pushed. Raises UsageError when one has changed since it was made, or holds a key or a
    path of this machine."""
    if wrong := [*changes(card.path)]:
        raise UsageError(f"nothing is pushed: {'; '.join(wrong)}")
    hashes: dict[str, str] = card.record["files"]
    names = [file.relative_to(card.path).as_posix() for file in files_of(card.path)]
    leaks.refuse({name: leaks.head(card.path / name) for name in names if not name.endswith(ROWS)}, known)
    return [Ready(name, (card.path / name).stat().st_size, hashes[name]) for name in names]


def look(folder: Path, files: Sequence[Ready], to: Place) -> Seen:
    """What the hub has of these files already; nothing where there is no such repository. Sends nothing."""
    api = to.api()
    try:
        listed = [*api.list_repo_tree(to.repo, recursive=True, repo_type=to.kind)]
    except RepositoryNotFoundError:
        return Seen()
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise to.failure("cannot be looked at", error) from None
    found = {entry.path: entry for entry in listed if isinstance(entry, RepoFile)}
    there = frozenset(f.path for f in files if f.path in found and same(folder / f.path, f, found[f.path]))
    names = {file.path for file in files}
    old = tuple(n for n in found if n not in names and any(fnmatch(n, pattern) for pattern in OLD[to.kind]))
    return Seen(there, old)


def same(file: Path, ours: Ready, theirs: RepoFile) -> bool:
    """Whether a hub's file has these bytes: by SHA-256 where it is stored apart, else by the id that Git gives it."""
    if theirs.lfs is not None:
        return bool(theirs.lfs.sha256 == ours.sha256)
    if theirs.size != ours.bytes:
        return False
    blob = hashlib.sha1(b"blob %d\0" % ours.bytes + file.read_bytes(), usedforsecurity=False)
    return bool(theirs.blob_id == blob.hexdigest())


def push(folder: Path, files: Sequence[Ready], to: Place, seen: Seen, *, private: bool) -> str:
    """Make the repository where there is none, and put the files there in one commit; returns the commit's address, ""
    when all are there.

    A push that was stopped is run again: what the hub has, in the repository or as an uploaded file that no commit
    names yet, is not sent again. Until the commit, what is there is as it was before.
    """
    api, new = to.api(), [file for file in files if file.path not in seen.there]
    if not new and not seen.old:
        return ""
    try:
        api.create_repo(to.repo, repo_type=to.kind, private=private, exist_ok=True)
        done = api.create_commit(
            to.repo,
            [
                *(CommitOperationAdd(file.path, folder / file.path) for file in new),
                *(CommitOperationDelete(name) for name in seen.old),
            ],
            commit_message=f"{len(files)} files of {folder.parent.name}/{folder.name}",
            repo_type=to.kind,
        )
    except (HfHubHTTPError, OSError, ValueError, RuntimeError) as error:
        raise to.failure("was not pushed, and is as it was before", error) from None
    return str(done.commit_url)
