"""What a program can see of this machine: Python's standard library, the system's shared libraries, chosen packages."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import NamedTuple

from komainu.errors import UsageError

PACKAGES = "/packages"
OWN = "/komainu"


class Shown(NamedTuple):
    """Folders and files with their places inside, folders that are covered there, symbolic links, and import paths."""

    see: tuple[tuple[str, str], ...]
    hide: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    path: tuple[str, ...]


@cache
def interpreter() -> str:
    """The Python that is run inside: this one, without its virtual environment."""
    return os.path.realpath(sys.executable)


@cache
def shown(packages: tuple[str, ...] = ()) -> Shown:
    """What is shown for a job. Raises UsageError for a package that is not installed."""
    library = sysconfig.get_path("stdlib")
    own = os.path.dirname(library) if sys.base_prefix != "/usr" else library
    folders = {own, *system_libraries()}
    see = [(folder, folder) for folder in sorted(folders) if not any(inside(folder, other) for other in folders)]
    hide = [place for name in ("site-packages", "dist-packages") if os.path.isdir(place := f"{library}/{name}")]
    links = [(os.readlink(place), place) for place in ("/lib", "/lib64") if os.path.islink(place)]
    for name in packages:
        see += [(str(part), f"{PACKAGES}/{part.name}") for part in parts(name)]
    path = [entry for entry in sys.path if inside(entry, library) or entry == library]
    return Shown(tuple(see), tuple(hide), tuple(links), (*path, PACKAGES) if packages else tuple(path))


def system_libraries() -> set[str]:
    """The folders from which this process has loaded the C library, and the loader that starts programs."""
    mapped = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines()}
    names = [path for path in mapped if os.path.basename(path).startswith(("libc.", "libc-", "ld-"))]
    return {os.path.dirname(os.path.realpath(path)) for path in names} | {
        os.path.realpath(place) for place in ("/lib64", "/usr/lib64") if os.path.isdir(place)
    }


def parts(package: str) -> list[Path]:
    """A package's folder or file, and the folder of shared libraries that some wheels have beside it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise UsageError(f"the package {package} is not installed here, so no program can be given it; install it")
    at = Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin)
    libraries = at.with_name(f"{package}.libs")
    return [at, libraries] if libraries.is_dir() else [at]


def inside(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")
