"""Where the rows of a set lie: a file, a folder, a glob, or a dataset of the hub; and the hash of their content."""

from __future__ import annotations

import difflib
import glob
import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from komainu.errors import UsageError, nearest
from komainu.files import FORMATS, form

Stamp = tuple[str, int, int]
HUB = re.compile(r"(?P<repo>[\w.-]+/[\w.-]+)@(?P<revision>[^:/\s]*)(?::(?P<of>.+))?")
COMMIT = re.compile(r"[0-9a-f]{40}")
TOLD = ("dataset_info.json", "dataset_infos.json")  # what tools write beside data: no rows
PAPERS = ("", ".md", ".txt")  # endings of a readme, a licence


class HubRef(NamedTuple):
    """`owner/name@commit`, and after a colon a split, `config/split`, or a glob of its files."""

    repo: str
    revision: str
    of: str

    def problem(self) -> str:
        if COMMIT.fullmatch(self.revision):
            return ""
        return f"the revision of {self.repo} is {self.revision!r}; give the commit's 40 hex digits"


def hub_ref(text: str) -> HubRef | None:
    """The dataset of the hub that a text names; None when it names none."""
    found = HUB.fullmatch(text)
    return HubRef(found["repo"], found["revision"], found["of"] or "train") if found else None


def files_at(path: str) -> list[Path]:
    """The files that a path says, in the order they are read; empty where there is none.

    A folder's are those of the formats we read, with those of its folders, by their names; the order in a folder that
    `datasets` has saved is its own. Raises UsageError for a folder that holds other data too.
    """
    at = Path(path)
    if at.is_dir():
        return in_folder(at)
    if at.is_file() or not glob.has_magic(path):
        return [at] if at.is_file() else []
    return [each for name in sorted(glob.glob(path, recursive=True)) if (each := Path(name)).is_file()]


def in_folder(folder: Path) -> list[Path]:
    if (folder / "dataset_dict.json").is_file():
        splits = sorted(each.name for each in folder.iterdir() if each.is_dir())
        raise UsageError(f"{folder}: this is a set of splits; give one of them: {', '.join(splits)}")
    if (folder / "state.json").is_file():
        return saved_to_disk(folder)
    every = sorted(each for each in folder.rglob("*") if each.is_file() and not hidden(each.relative_to(folder)))
    for file in every:
        if file.suffix.lower() not in PAPERS and not file.name.lower().endswith(FORMATS):
            raise UsageError(f"{file}: the name tells no known format; give a glob of the files that hold rows")
    return [each for each in every if each.name.lower().endswith(FORMATS) and each.name not in TOLD]


def saved_to_disk(folder: Path) -> list[Path]:
    """The Arrow files of a folder that `Dataset.save_to_disk` wrote, in its order."""
    try:
        state: Any = msgspec.json.decode((folder / "state.json").read_bytes())
        names = [str(each["filename"]) for each in state["_data_files"]]
    except (msgspec.DecodeError, UnicodeDecodeError, LookupError, TypeError):
        raise UsageError(f"{folder / 'state.json'}: this is not the state of a saved dataset; save it again") from None
    if not names or state.get("_indices_data_files"):
        raise UsageError(f"{folder}: the saved dataset has no files of its own rows; save it again after a flatten")
    for name in names:
        if Path(name).name != name or not (folder / name).is_file():
            raise UsageError(f"{folder / 'state.json'}: it names {name!r}, which is not in the folder; copy it whole")
    return [folder / name for name in names]


def hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def name_of(path: str, files: Sequence[Path]) -> str:
    """What rows of a path are called after: a file's name without its ending, else the folder."""
    at = Path(path)
    if len(files) == 1 and files[0] == at:
        return at.name[: -len(form(at))]
    while glob.has_magic(at.name):
        at = at.parent
    return at.resolve().name


def missing(path: str) -> str:
    """`no such file`, with the file of the nearest name, or the folder that is not there."""
    file = Path(path)
    if file.is_dir():
        return f"this folder holds no rows; known formats are {' '.join(FORMATS)}"
    if glob.has_magic(path):
        return "no file has such a name"
    if not file.parent.is_dir():
        return f"no such file: there is no folder {file.parent}"
    names = sorted(p.name for p in file.parent.iterdir() if p.name.lower().endswith(FORMATS))
    return f"no such file{nearest(file.name, difflib.get_close_matches(file.name, names, n=1) or names[:8])}"


def stamps(files: Sequence[Path]) -> tuple[Stamp, ...]:
    """Each file's path, size and time of change: what this process knows of it holds while these do."""
    return tuple((str(file), found.st_size, found.st_mtime_ns) for file in files for found in (file.stat(),))


def content(files: Sequence[Path]) -> str:
    """The SHA-256 of a file; of several, one over theirs in order. Names play no part."""
    every = [digest(*stamp) for stamp in stamps(files)]
    return every[0] if len(every) == 1 else hashlib.sha256("\n".join(every).encode()).hexdigest()


@lru_cache(maxsize=4096)
def digest(path: str, size: int, changed: int) -> str:
    """The SHA-256 of a file, read once a process."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
