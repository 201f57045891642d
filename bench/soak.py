"""kill -9 at random moments of the demo, run again, and compare every byte with an undisturbed run.

python -m bench.soak [kills] [seed]     default: 50 kills of the demo in miniature; exits 1 on a difference
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
DEMO = ("run", "recipes/demo.py:family", "size=xs", "effort=smoke")
COMPARED = (".jsonl", ".json", ".safetensors", ".md", ".html")
CHECKPOINT = 0.3  # seconds between two checkpoints: the miniature trains for a second or two
MACHINE = ("record.json", "metrics.jsonl")  # these tell times; of the metrics the losses are compared


def start(store: Path) -> subprocess.Popen[bytes]:
    """The demo in a process group of its own, on one thread, with checkpoints so often that kills fall between them."""
    settings = store.with_name(f"{store.name}.toml")
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(f"checkpoint_seconds = {CHECKPOINT}\n" + (ROOT / "komainu.toml").read_text(encoding="utf-8"))
    env = {**os.environ, "KOMAINU_SETTINGS": str(settings), "KOMAINU_STORE": str(store), "KOMAINU_THREADS": "1"}
    command = [sys.executable, "-m", "komainu.cli", *DEMO]
    return subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def finish(store: Path) -> None:
    """Run to the end."""
    if (code := start(store).wait()) != 0:
        raise SystemExit(f"the demo ended with {code} in {store}")


def kill_at(store: Path, artifacts: int, seconds: float) -> bool:
    """Start, and kill -9 so many seconds after `artifacts` are finished; False when the run had ended by then."""
    process = start(store)
    while len([*store.glob("*/*/record.json")]) < artifacts and process.poll() is None:
        time.sleep(0.02)
    return kill_after(process, seconds)


def kill_after(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """kill -9 after so many seconds; False when it had ended by then."""
    try:
        process.wait(seconds)
        return False
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True


def fingerprint(store: Path) -> dict[str, str]:
    """Path to SHA-256 of everything a run made, times left out: equal runs, equal fingerprints."""
    found = {}
    for path in sorted(p for p in store.glob("*/*/**/*") if p.is_file() and p.suffix in COMPARED):
        name = path.relative_to(store).as_posix()
        if name.startswith(("names/", ".")):
            continue
        if path.name == "metrics.jsonl":
            losses = [json.loads(line)["loss"] for line in path.read_text(encoding="utf-8").splitlines()]
            found[name] = hashlib.sha256(repr(losses).encode()).hexdigest()
        elif path.name not in MACHINE:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def differences(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """Files that only one has, or that differ."""
    return sorted(k for k in one.keys() | other.keys() if one.get(k) != other.get(k))


def soak(kills: int, seed: int, folder: Path) -> int:
    """Kill until `kills` are done, in as many runs as that takes; returns how many files differed."""
    rng = random.Random(seed)
    began = time.monotonic()
    finish(folder / "whole")
    lasted = time.monotonic() - began
    whole = fingerprint(folder / "whole")
    print(f"undisturbed: {lasted:.0f} s, {len(whole)} files")
    done = runs = wrong = 0
    while done < kills:
        runs += 1
        store, here = folder / f"run-{runs}", 0
        while done < kills and kill_after(start(store), rng.uniform(0.2, lasted)):
            done, here = done + 1, here + 1
        finish(store)
        differing = differences(whole, fingerprint(store))
        wrong += len(differing)
        print(f"run {runs}: killed {here} times, {len(differing)} files differ {differing[:3]}", flush=True)
    print(f"{done} kills in {runs} runs, {wrong} files differ")
    return wrong


if __name__ == "__main__":
    numbers = [int(a) for a in sys.argv[1:]] + [50, 0][len(sys.argv) - 1 :]
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(1 if soak(numbers[0], numbers[1], Path(scratch)) else 0)
