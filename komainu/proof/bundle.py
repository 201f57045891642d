"""A bundle of evidence: of a store what the proof of one card needs, in a folder or a .tar.zst, under one seal."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from komainu.errors import UsageError
from komainu.files import whole, write_json, zst
from komainu.proof.card import records
from komainu.release import leaks
from komainu.seal import RECORD, seal_of
from komainu.settings import Settings
from komainu.store import Artifact, Store

LIST = "evidence.json"
PACKED = ".tar.zst"
TABLES = ("board.json", "sweep.json", "standings.json")
MEMBER = re.compile(r"[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)*")


@dataclass(frozen=True)
class Bundle:
    """An opened bundle: its store, the card it is about (`card/<id>`), its seal, and what does not hold."""

    store: Store
    card: str
    seal: str
    problems: list[str]


def members(store: Store, card: Artifact) -> list[str]:
    """The files of a store that the proof of a card reads, relative to its root, sorted.

    The record of everything under the card; of scores, of what they score and of the training sets the rows; of what a
    bench holds (anchors) everything; of boards and sweeps the table. Not weights, questions asked, or what
    was dropped. Raises NoEvidence for a record or a file that is gone.
    """
    below = [*records(store, [card.ref])]
    rows = {a.ref for a in below if a.record["makes"] == "Score"}
    scored = [a for a in below if a.ref in rows]
    rows |= {ref for a in scored for field, ref in a.inputs.items() if field == "answers"}
    held = {ref for a in scored for field, ref in a.inputs.items() if field.startswith("bench.")}
    rows |= {ref for field, ref in card.inputs.items() if field.startswith("data[")}
    found = [f"{a.ref}/{RECORD}" for a in below]
    found += [f"{ref}/rows.jsonl" for ref in rows - held]
    found += [f"{a.ref}/{name}" for a in below if a.ref in held for name in a.record["files"]]
    found += [f"{a.ref}/{name}" for a in below for name in TABLES if name in a.record["files"]]
    return sorted(found)


def write(store: Store, card: Artifact, out: Path, settings: Settings | None = None) -> dict[str, Any]:
    """Write the bundle of a card and return its list: `card`, the SHA-256 of every file, and their `seal`.

    Equal evidence gives equal bytes, whenever and wherever it is packed: members are in the order of their names and
    have no owner, time or path of this machine. The seal finds a change; whoever has the seal from elsewhere knows
    that the bundle is the one meant. It is no signature: who can write both can forge both.

    Raises UsageError when a file holds a key, or a path of this machine.
    """
    if out.exists():
        raise UsageError(f"{out} is there already; name another place, or remove it")
    contents = {name: (store.root / name).read_bytes() for name in members(store, card)}
    leaks.refuse(contents, leaks.known(settings or Settings(store=str(store.root))))
    listed = {"card": card.ref, "files": {name: digest(data) for name, data in contents.items()}}
    listed["seal"] = seal_of(listed)
    if out.name.endswith(PACKED):
        out.parent.mkdir(parents=True, exist_ok=True)
        pack(out, {LIST: (json.dumps(listed, indent=1) + "\n").encode(), **contents})
        return listed
    for name, data in contents.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
    write_json(out / LIST, listed)
    return listed


def pack(out: Path, contents: dict[str, bytes]) -> None:
    with whole(out) as raw:
        packed = zst(out).packed(raw)
        with tarfile.open(fileobj=packed, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
            for name, data in contents.items():
                info = tarfile.TarInfo(name)  # owner, group and time are 0
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        packed.close()


@contextmanager
def opened(path: Path) -> Iterator[Bundle]:
    """A bundle as a store, for as long as it is open. Raises UsageError when it is none."""
    if path.is_dir():
        yield read(path, path)
        return
    with tempfile.TemporaryDirectory(prefix="komainu-evidence-") as folder:
        unpack(path, Path(folder))
        yield read(Path(folder), path)


def unpack(path: Path, folder: Path) -> None:
    """Plain files with plain names, each once; anything else is refused."""
    try:
        with open(path, "rb") as raw, tarfile.open(fileobj=zst(path).Unpacked(raw), mode="r|") as tar:
            for info in tar:
                target, file = folder / info.name, tar.extractfile(info) if info.isreg() else None
                if file is None or not MEMBER.fullmatch(info.name) or target.exists():
                    raise UsageError(
                        f"{path}: {info.name!r} has no place in a bundle of evidence"
                        "; get the file again, or make it with `komainu release evidence`"
                    )
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read())
    except (OSError, tarfile.TarError) as error:
        raise UsageError(
            f"{path} is no bundle of evidence, or damaged: {error}"
            "; get the file again, or make it with `komainu release evidence`"
        ) from None


def read(folder: Path, path: Path) -> Bundle:
    """The bundle in a folder; `path` is what messages call it."""
    try:
        listed = json.loads((folder / LIST).read_bytes())
        card, wanted, seal = str(listed["card"]), dict(listed["files"]), str(listed["seal"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"{path} is no bundle of evidence: {LIST} cannot be read ({error})"
            "; get the file again, or make it with `komainu release evidence`"
        ) from None
    there = {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*")) if p.is_file() or p.is_symlink()}
    del there[LIST]
    problems = [] if seal == seal_of(listed) else [f"{path}: the seal of {LIST} does not hold"]
    problems += [f"{path}: {name} is missing" for name in sorted(wanted.keys() - there.keys())]
    problems += [f"{path}: {name} was added later" for name in there if name not in wanted]
    for name in wanted.keys() & there.keys():
        if there[name].is_symlink() or digest(there[name].read_bytes()) != wanted[name]:
            problems.append(f"{path}: {name} has been changed")
    return Bundle(Store(folder), card, seal, problems)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
