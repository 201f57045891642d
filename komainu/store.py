"""The run store: one directory an artifact, its record written last. To resume is to run again."""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import platform
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from komainu import __version__
from komainu.errors import Drift, UsageError, nearest
from komainu.files import read_rows, write_json
from komainu.leaves import as_recorded, difference
from komainu.rows import Row
from komainu.seal import RECORD, is_record, seal, seal_of
from komainu.stage import Stage, code_hash, sources_of, upstream_first

if TYPE_CHECKING:
    from komainu.context import Context

log = logging.getLogger("komainu")
WORK = ".work"  # a stage's scratch, kept after a crash so that a trainer resumes in it
PROGRESS = "progress.json"  # in it: how far the build is, for other processes
SWEEPS = ".sweeps"  # what sweeps are: their points are kept as what a name reaches is
DERIVED = ".tokens"  # by `stage/id`, what was made of an artifact's rows and can be made again
BUILDING = "store"  # the lock that every build shares and that gc takes alone


@dataclass(frozen=True)
class Artifact:
    """A finished directory and the record that says how it came to be."""

    path: Path
    record: dict[str, Any]

    @property
    def summary(self) -> dict[str, Any]:
        summary: dict[str, Any] = self.record["summary"]
        return summary

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def ref(self) -> str:
        """`stage/id`, the path under the store's root."""
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def inputs(self) -> dict[str, str]:
        """Field path to `stage/id` of every input."""
        return dict(self.record["inputs"])

    def rows(self, name: str = "rows.jsonl") -> Iterator[Row]:
        yield from read_rows(self.path / name)


@dataclass(frozen=True)
class Store:
    """Artifacts under `root/<stage>/<id>/`, names under `root/names/`, locks under `root/.locks/`."""

    root: Path

    def place(self, stage: Stage) -> Path:
        return self.root / reference(stage)

    def at(self, ref: str) -> Artifact | None:
        """The finished artifact at `stage/id`, or None. Raises UsageError when its record cannot be read."""
        path = self.root / ref
        try:
            record = json.loads((path / RECORD).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except ValueError as error:
            raise UsageError(f"{path / RECORD} is damaged ({error}); remove {path} and run again") from None
        if not is_record(record):
            raise UsageError(f"{path / RECORD} is damaged (fields are missing); remove {path} and run again")
        return Artifact(path, record)

    def find(self, stage: Stage) -> Artifact | None:
        """The artifact of a stage, or None when it is not built. Raises Drift when a default has changed."""
        found = self.at(reference(stage))
        if found is not None and found.record["config"] != (
            config := as_recorded(stage.config(), found.record["config"])
        ):
            changed = "; ".join(difference(found.record["config"], config))
            raise Drift(
                f"{found.path} was built from another config under the same id ({changed}). A default has "
                "changed: bump `version` of the class it belongs to, or pass the old value in the recipe."
            )
        return found

    def build(self, stage: Stage, ctx: Context) -> Artifact:
        """Build what is missing, inputs first. Drift anywhere upstream stops it before any work."""
        with self.lock(BUILDING, shared=True):
            for each in needed(upstream_first(stage), stage, self):
                self._build(each, ctx)
        found = self.find(stage)
        assert found is not None, f"{stage.label} was built and has no record"
        return found

    def _build(self, stage: Stage, ctx: Context) -> None:
        path = self.place(stage)
        with self.lock(stage.id):
            if self.find(stage) is not None:  # another process built it while we waited
                return
            (path / WORK).mkdir(parents=True, exist_ok=True)
            log.info("build %s", stage.label)
            started = time.time()
            summary, made_with = ctx.make(stage, path)
            if (path / WORK).exists():
                shutil.rmtree(path / WORK)
            sources = sources_of(stage)
            record = {
                "id": stage.id,
                "stage": type(stage).__name__,
                "makes": stage.row_type.__name__,
                "config": stage.config(),
                "inputs": {name: reference(s) for name, s in stage.inputs.items()},
                "code": code_hash(sources),
                "sources": sources,
                "summary": plain(stage, summary),
                "files": seal(path),
                **({"spent": spent} if (spent := ctx.spent(stage)) else {}),
                "started": round(started, 3),
                "seconds": round(time.time() - started, 3),
                "made_with": {"komainu": __version__, "python": platform.python_version(), **made_with},
            }
            write_json(path / RECORD, {**record, "seal": seal_of(record)})
            log.info("built %s in %.1f s", stage.label, record["seconds"])

    @contextmanager
    def lock(self, name: str, *, wait: bool = True, shared: bool = False) -> Iterator[bool]:
        """Hold a lock across processes; with wait=False yields whether it was free.

        The kernel lets go of it when the process ends, however it ends. The file tells the holder's process id.
        """
        folder = self.root / ".locks"
        folder.mkdir(parents=True, exist_ok=True)
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        with open(folder / name, "a") as handle:
            try:
                fcntl.flock(handle, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                if not wait:
                    yield False
                    return
                log.info("another process holds %s: waiting", name)
                fcntl.flock(handle, kind)
            if wait and not shared:
                handle.truncate(0)
                handle.write(f"{os.getpid()}\n")
                handle.flush()
            yield True

    def holder(self, name: str) -> int | None:
        """The process that is building an artifact (0 when it has not said yet), or None when none is."""
        path = self.root / ".locks" / name
        if not path.exists():
            return None
        with self.lock(name, wait=False, shared=True) as free:
            return None if free else int(path.read_text().strip() or 0)

    def name(self, name: str, stage: Stage) -> None:
        """Point a name at an artifact; names are symlinks to ids, as git refs are."""
        link = self.root / "names" / file_name(name)
        link.parent.mkdir(parents=True, exist_ok=True)
        partial = link.with_name(f".{os.getpid()}.partial")
        partial.unlink(missing_ok=True)
        partial.symlink_to(Path("..") / reference(stage))
        os.replace(partial, link)

    def names(self) -> dict[str, str]:
        """Name to `stage/id`, sorted by name."""
        folder = self.root / "names"
        links = [p for p in folder.iterdir() if p.is_symlink()] if folder.exists() else []
        found = {unquote(p.name): "/".join(p.readlink().parts[-2:]) for p in links if not p.name.startswith(".")}
        return dict(sorted(found.items()))

    def ls(self) -> Iterator[Artifact]:
        """Every finished artifact, by stage and id."""
        yield from filter(None, map(self.at, self.refs()))

    def refs(self) -> list[str]:
        """`stage/id` of every artifact, finished or not, sorted."""
        kinds = [k for k in folders_in(self.root) if k.name != "names" and not k.name.startswith(".")]
        return sorted(f"{kind.name}/{each.name}" for kind in kinds for each in folders_in(kind))

    def folders(self) -> list[Path]:
        """The directory of every artifact, finished or not."""
        return [self.root / ref for ref in self.refs()]

    def unfinished(self) -> list[Path]:
        """Directories without a record: being built, or left by a run that was stopped."""
        return [p for p in self.folders() if not (p / RECORD).exists()]

    def resolve(self, text: str) -> Artifact:
        """The artifact of a name, a `stage/id`, an id or the beginning of one."""
        names = self.names()
        ref = names.get(unquote(file_name(text))) or "/".join(Path(text).parts[-2:])
        if "/" in ref and (found := self.at(ref)):
            return found
        matching = [p for p in self.folders() if p.name.startswith(text)]
        artifacts = [a for p in matching if (a := self.at(f"{p.parent.name}/{p.name}"))]
        if len(artifacts) == 1:
            return artifacts[0]
        if artifacts:
            raise UsageError(f"{text!r} begins {len(artifacts)} ids; give more digits")
        raise UsageError(f"{self.root} has no artifact {text!r}{nearest(text, names)}")

    def unreached(self) -> list[Artifact]:
        """Artifacts that no name and no sweep reaches, directly or as an input of what they reach."""
        kept: set[str] = set()
        sweeps = (json.loads(p.read_bytes()) for p in self.root.glob(f"{SWEEPS}/*/sweep.json") if not p.is_symlink())
        todo = [*self.names().values(), *(point["ref"] for sweep in sweeps for point in sweep["points"])]
        while todo:
            ref = todo.pop()
            if ref not in kept and (found := self.at(ref)):
                kept.add(ref)
                todo.extend(found.inputs.values())
        return [a for a in self.ls() if a.ref not in kept]

    def gc(self) -> list[Artifact]:
        """Remove what no name reaches, what was left unfinished, what was derived from either; returns the artifacts.
        Raises UsageError while anything is being built: a build may be about to use what no name reaches yet.
        """
        with self.lock(BUILDING, wait=False) as alone:
            if not alone:
                raise UsageError(f"a run is building in {self.root}; collect when it has ended")
            removed = self.unreached()
            for artifact in removed:
                (artifact.path / RECORD).unlink()  # first: without it the rest is not an artifact
            derived = [p for p in self.root.glob(f"{DERIVED}/*/*") if not self.at("/".join(p.parts[-2:]))]
            for path in [*self.unfinished(), *derived]:
                shutil.rmtree(path)
        return removed


def folders_in(path: str | os.PathLike[str]) -> list[os.DirEntry[str]]:
    """The folders in a folder, links to others left out; none where it is not there."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(path) as found:
        return [each for each in found if each.is_dir(follow_symlinks=False)]
    return []


def clear(path: Path) -> None:
    """Remove what a stopped build left in an artifact's folder, its scratch excepted."""
    for left in path.iterdir():
        if left.name != WORK:
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()


def needed(order: list[Stage], target: Stage, store: Store) -> list[Stage]:
    """What a build of `target` has to make. Raises Drift for any stage of `order`, needed or not."""
    return lacking(order, target, {s.id for s in order if store.find(s) is None})


def lacking(order: list[Stage], target: Stage, missing: set[str]) -> list[Stage]:
    """The missing stages that a missing stage, or the target, needs. `order` is upstream first."""
    wanted = {target.id}
    for stage in reversed(order):
        if stage.id in wanted & missing:
            wanted.update(s.id for s in stage.inputs.values())
    return [s for s in order if s.id in wanted & missing]


def plain(stage: Stage, summary: Any) -> dict[str, Any]:
    """A summary as it will be read back: keys are strings, tuples lists. Raises TypeError when it is not JSON."""
    try:
        found = json.loads(json.dumps(summary, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise TypeError(f"{stage.label} returned a summary that is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise TypeError(f"{stage.label} must return a dict, not {type(summary).__name__}")
    return found


def reference(stage: Stage) -> str:
    return stage.place


def file_name(name: str) -> str:
    """A name as a file name: readable, no two names the same; a very long one ends in its hash."""
    text = quote(name, safe=" !#$&'()+,:;=@[]^`{}~")
    text = f"%2E{text[1:]}" if text.startswith(".") else text
    if len(text.encode()) > 200:
        text = re.sub("%.?$", "", text[:180]) + "~" + hashlib.sha256(name.encode()).hexdigest()[:12]
    return text
