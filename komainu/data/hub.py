"""The files of a dataset of the Hugging Face hub at a commit. Needs huggingface_hub."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from huggingface_hub import metadata_load, snapshot_download

from komainu.data.places import HubRef
from komainu.errors import UsageError
from komainu.files import FORMATS

USUAL = ("{0}.*", "{0}-*", "{0}/*", "data/{0}.*", "data/{0}-*", "data/{0}/*")  # where a split lies without a card


def fetched(ref: HubRef) -> list[Path]:
    """The files of a set, by their names; what is there already is not fetched again.

    A split is looked up in the `configs` of the set's card, else found where it usually lies. Raises UsageError.
    """
    wanted = [ref.of] if ref.of.lower().endswith(FORMATS) else [*of_split(ref)]
    root = download(ref, wanted)
    every = sorted(each for each in root.rglob("*") if each.is_file())
    names = {each: each.relative_to(root).as_posix() for each in every}
    found = [each for each in every if any(fnmatch(names[each], pattern) for pattern in wanted)]
    known = [each for each in found if each.name.lower().endswith(FORMATS)]
    if not known or len(known) < len(found):
        other = f"; {names[next(each for each in found if each not in known)]} has no known format" if found else ""
        raise UsageError(
            f"{ref.repo}@{ref.revision}: no files of rows fit {', '.join(wanted)}{other}; "
            f"give a split, config/split, or a glob of {' '.join(FORMATS)} files after a colon"
        )
    return known


def of_split(ref: HubRef) -> Iterator[str]:
    """The globs of a split's files."""
    config, _, split = ref.of.rpartition("/")
    card = download(ref, ["README.md"]) / "README.md"
    told = metadata_load(card) if card.is_file() else None
    configs = (told or {}).get("configs") or []
    if not configs and config:
        raise UsageError(f"{ref.repo}@{ref.revision}: its card names no configs; leave out {config!r}, or give a glob")
    names = [each.get("config_name", "default") for each in configs]
    chosen = config or next((n for each, n in zip(configs, names, strict=True) if each.get("default")), "default")
    if configs and not config and chosen not in names:
        if len(names) > 1:
            raise UsageError(f"{ref.repo}@{ref.revision}: give a config: {', '.join(f'{n}/{split}' for n in names)}")
        chosen = names[0]
    for each, name in zip(configs, names, strict=True):
        if name == chosen and "data_files" in each:
            yield from globs(ref, each["data_files"], split)
            return
    if configs and chosen not in names:
        raise UsageError(f"{ref.repo}@{ref.revision}: there is no config {chosen!r}; there is: {', '.join(names)}")
    yield from (pattern.format(split) for pattern in USUAL)


def globs(ref: HubRef, told: Any, split: str) -> list[str]:
    """The globs that a card's `data_files` has for a split: a path, a list of paths, or a list by split."""
    if isinstance(told, str) or all(isinstance(each, str) for each in told):
        told = [{"split": "train", "path": told}]
    by_split = {each["split"]: each["path"] for each in told}
    if split not in by_split:
        raise UsageError(f"{ref.repo}@{ref.revision}: there is no split {split!r}; there is: {', '.join(by_split)}")
    found = by_split[split]
    return [found] if isinstance(found, str) else [*found]


def download(ref: HubRef, patterns: list[str]) -> Path:
    return Path(snapshot_download(ref.repo, repo_type="dataset", revision=ref.revision, allow_patterns=patterns))
