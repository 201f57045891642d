"""GPUs: the cards, their driver, and whether the installed torch can use them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from komainu.doctor.base import Finding
from komainu.doctor.packages import version_of
from komainu.settings import Settings, without_keys

CARDS = Path("/sys/bus/pci/devices")
NVIDIA, DISPLAY = "0x10de", "0x03"  # the maker, and how the class of a display controller begins
DRIVER = {11: 450, 12: 525, 13: 580}  # CUDA's major version: the oldest driver, by NVIDIA's table of compatibility
RUNTIMES = ("nvidia-cuda-runtime", "nvidia-cuda-runtime-cu12", "nvidia-cuda-runtime-cu11")  # what torch brings
GET_DRIVER = (
    "apt-get install nvidia-driver nvidia-smi (Debian, component non-free), then start the machine again; "
    "a container is started with --gpus all"
)


def gpu(settings: Settings) -> Finding:
    """The GPUs that the driver tells of, the driver, and whether the installed torch can use them."""
    tool = shutil.which("nvidia-smi")
    if not tool:
        if count := cards():
            return Finding("gpu", "lacks", f"{count} NVIDIA cards without a driver (no nvidia-smi)", GET_DRIVER)
        return Finding("gpu", "ok", "none found: everything runs on the CPU")
    ask = [tool, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        env = without_keys(settings)
        said = subprocess.run(ask, capture_output=True, text=True, timeout=10, check=True, env=env).stdout
    except (OSError, subprocess.SubprocessError) as error:
        advice = f"the driver is not loaded: {GET_DRIVER}"
        return Finding("gpu", "lacks", f"nvidia-smi does not answer: {error}", advice)
    rows = [[cell.strip() for cell in line.split(",")] for line in said.strip().splitlines()]
    driver = rows[0][2] if rows and len(rows[0]) > 2 else ""
    text = "; ".join(", ".join(row[:2]) for row in rows) + (f"; driver {driver}" if driver else "")
    torch = version_of("torch")
    if torch.endswith("+cpu"):
        advice = "install a CUDA build of torch: https://pytorch.org/get-started/locally has the command"
        return Finding("gpu", "lacks", f"{text}; torch {torch} cannot use it", advice)
    cuda, major = cuda_of(torch), re.match(r"\d+", driver)
    if cuda and major and int(major.group()) < DRIVER.get(cuda, 0):
        least = DRIVER[cuda]
        advice = f"install driver {least} or newer, or a torch for an older CUDA"
        return Finding("gpu", "lacks", f"{text}; torch {torch} with CUDA {cuda} needs driver {least}", advice)
    return Finding("gpu", "ok", text)


def cards() -> int:
    """How many NVIDIA cards are in this machine, with or without a driver."""
    found = 0
    for device in CARDS.glob("*"):
        try:
            maker, kind = ((device / name).read_text().strip() for name in ("vendor", "class"))
        except OSError:
            continue
        found += maker == NVIDIA and kind.startswith(DISPLAY)
    return found


def cuda_of(torch: str) -> int:
    """The major version of CUDA that a torch was built for, by its own version or the runtime it brought; 0: none."""
    if own := re.search(r"\+cu(\d\d)\d", torch):
        return int(own.group(1))
    brought = next(filter(None, map(version_of, RUNTIMES)), "")
    return int(brought.partition(".")[0]) if brought else 0
