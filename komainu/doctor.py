"""What this machine has and lacks for komainu, and what to do about it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Literal, NamedTuple

from komainu import __version__
from komainu.sandbox.bubblewrap import bubblewrap
from komainu.sandbox.run import problem
from komainu.settings import Settings, without_keys

GIB = 2**30
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


class Finding(NamedTuple):
    """One thing looked at. `bad` must be mended before a run, `lacks` only matters for what needs it."""

    name: str
    state: Literal["ok", "lacks", "bad"]
    text: str
    advice: str = ""


def findings(settings: Settings) -> Iterator[Finding]:
    """Everything the doctor looks at; it imports, asks and changes nothing, but writes a probe file to the store."""
    yield python()
    yield from packages()
    yield from machine(settings)
    yield gpu(settings)
    yield sandbox()
    yield from endpoints(settings)
    yield from engines(settings)
    yield store(settings.root)
    yield browser()


def python() -> Finding:
    return Finding("python", "ok", f"{platform.python_version()} at {sys.executable}, komainu {__version__}")


def sandbox() -> Finding:
    """Whether model-written code can be run here, tried with a program of one line."""
    if found := problem():
        reason, _, advice = found.rpartition("; ")
        return Finding("sandbox", "lacks", reason, f"only benchmarks that run code need it: {advice}")
    return Finding("sandbox", "ok", f"made with {bubblewrap() or 'namespaces (there is no bubblewrap)'}")


def browser() -> Finding:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        return Finding("browser", "ok", found)
    return Finding("browser", "lacks", "no Chromium", "only tests that look at pages need it: install chromium")


def packages() -> Iterator[Finding]:
    """A finding an extra: the versions that are installed, and what is missing or of another version."""
    for extra, wanted in requirements().items():
        there, missing = [], []
        for requirement in wanted:
            name, _, pin = requirement.partition("==")
            try:
                version = metadata.version(name)
            except metadata.PackageNotFoundError:
                missing.append(requirement)
                continue
            there.append(f"{name} {version}")
            if pin and version.split("+")[0] != pin:
                missing.append(requirement)
        how = "pip install 'komainu" + (f"[{extra}]'" if extra else "'")
        state: Literal["ok", "lacks", "bad"] = "ok" if not missing else "lacks" if extra else "bad"
        text = ", ".join([*there, *(f"{m} missing" for m in missing)])
        yield Finding(f"packages for {extra}" if extra else "packages", state, text, how if missing else "")


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
    file = Path(__file__).parents[1] / "pyproject.toml"
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


def machine(settings: Settings) -> Iterator[Finding]:
    """CPU, threads, memory and disk, as this process may use them."""
    cores = len(os.sched_getaffinity(0))
    threads = settings.threads or cores
    text = f"{cores} cores for this process ({platform.machine()}), {threads} threads for training and generation"
    many = threads > cores
    yield Finding("cpu", "bad" if many else "ok", text, f"set threads to {cores} or less, or 0" if many else "")
    limit, free = memory()
    low = limit < 3 * GIB
    advice = "a small model takes about 2 GiB; a larger one more" if low else ""
    yield Finding("memory", "lacks" if low else "ok", f"{free / GIB:.1f} of {limit / GIB:.1f} GiB free", advice)
    disk = shutil.disk_usage(existing(settings.root))
    full = disk.free < 2 * GIB
    advice = "`komainu ls --unnamed --remove` collects what no name reaches" if full else ""
    text = f"{disk.free / GIB:.0f} of {disk.total / GIB:.0f} GiB free"
    yield Finding("disk", "lacks" if full else "ok", text, advice)


def memory() -> tuple[int, int]:
    """Bytes this process may use, and how many are free: the machine's, or its control group's where that is less."""
    lines = Path("/proc/meminfo").read_text().splitlines() if Path("/proc/meminfo").exists() else []
    known = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if len(line.split()) > 1}
    total, free = known.get("MemTotal", 0), known.get("MemAvailable", 0)
    try:
        group = int(Path("/sys/fs/cgroup/memory.max").read_text())
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
    except (OSError, ValueError):  # no control group, or one without a limit
        return total, free
    return (group, min(free, max(0, group - used))) if group < total else (total, free)


def gpu(settings: Settings) -> Finding:
    """The GPUs that the driver tells of, and whether the installed torch can use one."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        return Finding("gpu", "ok", "none found: everything runs on the CPU")
    ask = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        env = without_keys(settings)
        said = subprocess.run(ask, capture_output=True, text=True, timeout=10, check=True, env=env).stdout
    except (OSError, subprocess.SubprocessError) as error:
        return Finding("gpu", "lacks", f"nvidia-smi does not answer: {error}", "see that the driver is loaded")
    text = "; ".join(said.strip().splitlines())
    try:
        torch = metadata.version("torch")
    except metadata.PackageNotFoundError:
        return Finding("gpu", "ok", text)
    if torch.endswith("+cpu"):
        return Finding("gpu", "lacks", f"{text}; torch {torch} cannot use it", "install a CUDA build of torch")
    return Finding("gpu", "ok", text)


def endpoints(settings: Settings) -> Iterator[Finding]:
    """Each endpoint and whether its key variable is set; the key itself is never read out."""
    for name, endpoint in settings.endpoints.items():
        at = ", ".join(endpoint.urls) or f"started here by {endpoint.start[0]}"
        if endpoint.key and not os.environ.get(endpoint.key):
            yield Finding(f"endpoint {name}", "bad", f"{at}, ${endpoint.key} is not set", f"export {endpoint.key}=...")
        else:
            yield Finding(f"endpoint {name}", "ok", f"{at}, ${endpoint.key} is set" if endpoint.key else at)
    if not settings.endpoints:
        yield Finding("endpoints", "ok", "none in komainu.toml: models that a stage trained run in this process")


def engines(settings: Settings) -> Iterator[Finding]:
    """Each engine that komainu.toml tells of, and whether its python is there; it is not started."""
    for name, runtime in settings.engines.items():
        python = sys.executable if runtime.python == "{python}" else runtime.python
        if found := shutil.which(python):
            yield Finding(f"engine {name}", "ok", found)
        else:
            advice = f"set `python` of [engines.{name}] in komainu.toml to the python of its environment"
            yield Finding(f"engine {name}", "bad", f"{python} cannot be run", advice)


def store(root: Path) -> Finding:
    """Whether the store can be written, tried in the nearest folder that exists."""
    folder = existing(root)
    probe = folder / f".komainu-{os.getpid()}"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        advice = "set `store` in komainu.toml or KOMAINU_STORE to a folder you may write"
        return Finding("store", "bad", f"{root}: {error.strerror}", advice)
    return Finding("store", "ok", f"{root} can be written" + ("" if root.exists() else " (it will be made)"))


def existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return next(p for p in (path.absolute(), *path.absolute().parents) if p.is_dir())
