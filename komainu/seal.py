"""What an artifact's files must be, to the byte: sealing them, and finding what has changed since."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from komainu.files import sync_folder

RECORD = "record.json"
FIELDS = {"id", "stage", "makes", "config", "inputs", "summary", "files", "seal"}  # what every record has


def seal(path: Path) -> dict[str, str]:
    """Relative path to SHA-256 of every file of an artifact but its record, each made durable first."""
    found = {}
    for file in files_of(path):
        with open(file, "rb") as handle:
            readable(handle.fileno(), path)
            os.fsync(handle.fileno())
            found[file.relative_to(path).as_posix()] = hashlib.file_digest(handle, "sha256").hexdigest()
    for folder in {path, *(p for p in path.rglob("*") if p.is_dir())}:
        sync_folder(folder)
    for parent in (path.parent, path.parent.parent):
        sync_folder(parent)
    return found


def readable(file: int, folder: Path) -> None:
    """Let those read a file who may read its folder: safetensors writes files that only their owner can read.

    A file with another name too is left as it is: it may be one of a user's own, outside the store.
    """
    status, all_read = os.fstat(file), stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
    wanted = status.st_mode | folder.stat().st_mode & all_read
    if wanted != status.st_mode and status.st_nlink == 1 and status.st_uid == os.geteuid():
        os.fchmod(file, stat.S_IMODE(wanted))


def files_of(path: Path) -> list[Path]:
    """Every file under an artifact but its record, sorted; a link that leads nowhere counts as a file."""
    found = (p for p in path.rglob("*") if p.is_file() or (p.is_symlink() and not p.is_dir()))
    return sorted(p for p in found if p != path / RECORD)


def seal_of(record: dict[str, Any]) -> str:
    """The SHA-256 of a record without its seal."""
    text = json.dumps({k: v for k, v in record.items() if k != "seal"}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def is_record(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() >= FIELDS


def changes(path: Path, *, whole: bool = True) -> Iterator[str]:
    """What is not as it was when the artifact at `path` was finished, a sentence each.

    With `whole` False files may be missing: a bundle of evidence holds only some.
    """
    try:
        text = (path / RECORD).read_bytes().decode()  # bytes: a changed line end counts too
        record = json.loads(text)
    except (OSError, ValueError) as error:
        yield f"{path / RECORD} cannot be read: {error}"
        return
    if not is_record(record) or record["seal"] != seal_of(record):
        yield f"{path / RECORD} has been changed: its seal does not hold"
        return
    if text != json.dumps(record, ensure_ascii=False, indent=1) + "\n":
        yield f"{path / RECORD} has been changed: it is not laid out as it was written"
    if (path.parent.name, path.name) != (str(record["stage"]).lower(), record["id"]):
        yield f"{path} holds the record of {record['stage']} {record['id']}"
    there = {p.relative_to(path).as_posix(): p for p in files_of(path)}
    for name in sorted(there.keys() - record["files"].keys()):
        yield f"{there[name]} is not of this artifact: it was added later"
    for name, wanted in record["files"].items():
        if whole or name in there:
            yield from change(path / name, wanted)


def change(file: Path, wanted: str) -> Iterator[str]:
    """Why a file is not the one whose SHA-256 is `wanted`; nothing when it is."""
    try:
        with open(file, "rb") as handle:
            if hashlib.file_digest(handle, "sha256").hexdigest() != wanted:
                yield f"{file} has been changed: its SHA-256 is not the recorded one"
    except FileNotFoundError:
        yield f"{file} is missing"
    except OSError as error:
        yield f"{file} cannot be read: {error}"
