"""A finished set put on a hub in one commit. Needs huggingface_hub, which comes with transformers."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError

from komainu.errors import UsageError
from komainu.release import leaks
from komainu.seal import changes, files_of
from komainu.store import Artifact

OURS = "data/train-*.parquet"  # what an earlier push left and this one lacks, goes: it would be read with the rest


class Ready(NamedTuple):
    """A file as it will be in the repository."""

    path: str
    bytes: int
    sha256: str


def ready(card: Artifact, known: leaks.Known) -> list[Ready]:
    """Every file that would be pushed. Raises UsageError when one has changed since it was made, or holds a key.

    The rows were looked at when they were written, and their files are as they were then.
    """
    if wrong := [*changes(card.path)]:
        raise UsageError(f"nothing is pushed: {'; '.join(wrong)}")
    leaks.refuse({"README.md": (card.path / "README.md").read_bytes()}, known)
    hashes: dict[str, str] = card.record["files"]
    names = [file.relative_to(card.path).as_posix() for file in files_of(card.path)]
    return [Ready(name, (card.path / name).stat().st_size, hashes[name]) for name in names]


def push(folder: Path, repo: str, files: list[Ready], variable: str, *, private: bool) -> str:
    """Make the repository where there is none, and put all files there in one commit; returns the commit's address.

    `variable` names the environment variable with the token; HF_ENDPOINT another hub. A push that was stopped begins
    anew, and what the hub has already is not sent again.
    """
    if any(re.search(pattern, variable.encode()) for pattern in leaks.KEYS.values()):
        raise UsageError("--token takes the name of an environment variable, never the token itself")
    token = os.environ.get(variable, "")
    if not token:
        raise UsageError(f"the environment variable {variable} is not set: it must hold a token that may write {repo}")
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, token=token)
    try:
        api.create_repo(repo, repo_type="dataset", private=private, exist_ok=True)
        names = {file.path for file in files}
        old = [name for name in api.list_repo_files(repo, repo_type="dataset") if fnmatch(name, OURS)]
        done = api.create_commit(
            repo,
            [
                *(CommitOperationAdd(file.path, folder / file.path) for file in files),
                *(CommitOperationDelete(name) for name in old if name not in names),
            ],
            commit_message=f"{len(files)} files of {folder.parent.name}/{folder.name}",
            repo_type="dataset",
        )
    except (HfHubHTTPError, OSError, ValueError, RuntimeError) as error:
        told = str(error).replace(token, "...")
        raise UsageError(f"{repo} was not pushed: {told}; what is there is as it was before") from None
    return str(done.commit_url)
