"""Models that are asked: endpoints, their keys by name, engines."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from komainu.doctor.base import Finding, State
from komainu.doctor.packages import version_of
from komainu.settings import EngineName, Runtime, Settings, without_keys

HUB_TOKEN, WANDB = "HF_TOKEN", "WANDB_API_KEY"
VERSION = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"


def endpoints(settings: Settings) -> Iterator[Finding]:
    """Each endpoint and whether its key variable is set; the key itself is never told."""
    for name, endpoint in settings.endpoints.items():
        at = ", ".join(endpoint.urls) or f"started {endpoint.on} by {' '.join(endpoint.start[:3])}"
        wrong = amiss(endpoint.key) if endpoint.key else ""
        if wrong:
            yield Finding(f"endpoint {name}", "bad", f"{at}, {wrong}", f"export {endpoint.key}=...")
        else:
            yield Finding(f"endpoint {name}", "ok", f"{at}, ${endpoint.key} is set" if endpoint.key else at)
    if not settings.endpoints:
        yield Finding("endpoints", "ok", "none in komainu.toml: models that a stage trained run in this process")


def keys(settings: Settings) -> Iterator[Finding]:
    """Keys that no endpoint names: of the `judges` that are URLs, and of W&B."""
    for key in dict.fromkeys(key for judge in settings.judges for key in re.findall(r"\bkey=(\w+)", judge)):
        wrong = amiss(key)
        text = f"{wrong or f'${key} is set'}, for a judge of komainu.toml"
        yield Finding(f"key {key}", "bad" if wrong else "ok", text, f"export {key}=..." if wrong else "")
    if "wandb" in settings.trackers and (wrong := amiss(WANDB)):
        yield Finding(f"key {WANDB}", "lacks", wrong, f"export {WANDB}=..., unless `wandb login` has been done")


def hub() -> Finding:
    """Whether there is a token for the Hugging Face hub, in its variable or where huggingface_hub keeps it."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    if os.environ.get(HUB_TOKEN):
        if wrong := amiss(HUB_TOKEN):
            return Finding("hub", "bad", wrong, f"export {HUB_TOKEN}=...")
        return Finding("hub", "ok", f"${HUB_TOKEN} is set")
    if (home / "token").is_file():
        return Finding("hub", "ok", f"a token lies in {home}")
    how = f"only gated models and publishing need it: export {HUB_TOKEN}=..., from huggingface.co/settings/tokens"
    return Finding("hub", "lacks", f"${HUB_TOKEN} is not set, and there is no token in {home}", how)


def amiss(key: str) -> str:
    """What is wrong with the variable of a key, without a character of what it holds."""
    value = os.environ.get(key, "")
    if not value:
        return f"${key} is not set"
    return f"${key} has white space around it" if value != value.strip() else ""


def engines(settings: Settings) -> Iterator[Finding]:
    """Each engine: whether its python is there, and has it; it is not started."""
    for name in get_args(EngineName):
        runtime = settings.engines.get(name)
        if name == "transformers" and runtime is None:
            continue  # it is this python, whose packages have been looked at
        wanted: State = "bad" if runtime or settings.engine == name else "lacks"
        python = shutil.which(python_of(runtime))
        version = version_in(python, name, settings) if python else ""
        if version:
            yield Finding(f"engine {name}", "ok", f"{version}, {python}")
        elif runtime:
            advice = f"set `python` of [engines.{name}] in komainu.toml to the python of an environment that has {name}"
            wrong = "lacks it" if python else "cannot be run"
            yield Finding(f"engine {name}", wanted, f"{python_of(runtime)} {wrong}", advice)
        else:
            how = f"python3 -m venv .envs/{name}; .envs/{name}/bin/pip install {name}; "
            how += f'then [engines.{name}] python = ".envs/{name}/bin/python" in komainu.toml'
            why = "" if wanted == "bad" else "only serving with it needs it: "
            yield Finding(f"engine {name}", wanted, "not in this python, and none in komainu.toml", why + how)


def python_of(runtime: Runtime | None) -> str:
    return runtime.python if runtime and runtime.python != "{python}" else sys.executable


def version_in(python: str, package: str, settings: Settings) -> str:
    """The version of a package that a python has; "" without it, or when it does not say."""
    if python == sys.executable:
        return version_of(package)
    ask = [python, "-c", VERSION, package]
    try:
        done = subprocess.run(ask, capture_output=True, text=True, timeout=20, env=without_keys(settings), check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
