"""Whether the Python packages that each extra of ours needs are installed."""

from __future__ import annotations

import platform
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from komainu import __version__
from komainu.doctor.base import Finding, State


def python() -> Finding:
    return Finding("python", "ok", f"{platform.python_version()} at {sys.executable}, komainu {__version__}")


def packages() -> Iterator[Finding]:
    """A finding an extra: the versions that are installed, and what is missing or of another version."""
    for extra, wanted in requirements().items():
        there, missing = [], []
        for requirement in wanted:
            name, _, pin = requirement.partition("==")
            version = version_of(name)
            if not version:
                missing.append(requirement)
                continue
            there.append(f"{name} {version}")
            if pin and version.split("+")[0] != pin:
                missing.append(requirement)
        how = f"{install()}[{extra}]'" if extra else f"{install()}'"
        state: State = "ok" if not missing else "lacks" if extra else "bad"
        text = ", ".join([*there, *(f"{m} missing" for m in missing)])
        yield Finding(f"packages for {extra}" if extra else "packages", state, text, how if missing else "")


def install() -> str:
    """The beginning of the command that installs us: from the checkout that this is, or from an index."""
    root = Path(__file__).parents[2]
    return f"pip install --editable '{root}" if (root / "pyproject.toml").exists() else "pip install 'komainu"


def requirements() -> dict[str, list[str]]:
    """Extra ("" for what is always needed) to `name` or `name==version`, as the project declares them."""
    found: dict[str, list[str]] = {}
    for extra, requirement in declared():
        match = re.match(r"[\w.-]+", requirement)
        name = match.group() if match else requirement
        pin = re.search(r"==\s*([\w.]+)", requirement)
        if name.lower() != "komainu":
            found.setdefault(extra, []).append(f"{name}=={pin.group(1)}" if pin else name)
    return found


def declared() -> Iterator[tuple[str, str]]:
    """(extra, requirement) of the installed distribution, or of pyproject.toml in a checkout."""
    file = Path(__file__).parents[2] / "pyproject.toml"
    if file.exists():
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        groups = {"": project.get("dependencies", []), **project.get("optional-dependencies", {})}
        yield from ((extra, requirement) for extra, group in groups.items() for requirement in group)
        return
    try:
        lines = metadata.requires("komainu") or []
    except metadata.PackageNotFoundError:
        lines = []
    for line in lines:
        requirement, _, marker = line.partition(";")
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)", marker)
        yield extra.group(1) if extra else "", requirement.strip()


def version_of(package: str) -> str:
    """The version of a package that is installed, "" without it."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
