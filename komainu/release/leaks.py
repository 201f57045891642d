"""Keys and local paths in files that are to be published; found by name of what they are, never shown."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from komainu.errors import UsageError
from komainu.settings import Settings

KEYS = {  # what a key looks like, by whose it is
    "a Hugging Face token": rb"\bhf_[A-Za-z0-9]{30,}",
    "a key of OpenAI, Anthropic or the like": rb"\bsk-(?:ant-|proj-|or-v1-)?[A-Za-z0-9_-]{20,}",
    "a GitHub token": rb"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})",
    "a GitLab token": rb"\bglpat-[A-Za-z0-9_-]{20,}",
    "an AWS key id": rb"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a Google API key": rb"\bAIza[A-Za-z0-9_-]{35}",
    "a Slack token": rb"\bxox[abeprs]-[A-Za-z0-9-]{10,}",
    "a Groq key": rb"\bgsk_[A-Za-z0-9]{40,}",
    "an NVIDIA key": rb"\bnvapi-[A-Za-z0-9_-]{40,}",
    "a PyPI token": rb"\bpypi-AgEI[A-Za-z0-9_-]{30,}",
    "a private key": rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "a signed web token": rb"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
}
# What manuals write where a key goes: nothing that was drawn by chance looks so, whole.
PLACEHOLDER = re.compile(
    rb"(?:AKIA|ASIA)[A-Z0-9]*EXAMPLE|(?i:[a-z]+[-_](?:[a-z]+-)?(?:x{8,}|your(?:[-_][a-z]+)+(?:[-_]\d{1,2})?))"
)
PATHS = {  # not looked for in rows, where people may write of paths
    "a path of a home folder": rb"(?<![\w.])/(?:home|Users)/[\w.-]+|\b[A-Za-z]:\\{1,2}Users\\|\bfile:///",
    "an absolute path": rb'"(?:/[\w.@+-]+){2,}/?"',
}
VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "WANDB_API_KEY")  # beside those that komainu.toml names
SHORTEST = 8  # characters of a variable's value that is looked for: a shorter one is in any text
HEADER = 8  # bytes before a safetensors header that tell its length
ROWS = (".jsonl",)


class Known(NamedTuple):
    """What this machine must not tell: by a name for it, the bytes. `local` are paths."""

    secret: dict[str, bytes]
    local: dict[str, bytes]


def known(settings: Settings) -> Known:
    """The values of the key variables that are set, and the folders of this machine."""
    names = settings.keys | {*VARIABLES}
    values = {name: os.environ.get(name, "") for name in sorted(names)}
    secret = {f"the value of {name}": v.encode() for name, v in values.items() if len(v) >= SHORTEST}
    folders = {
        "the folder of the store": Path(settings.root).resolve(),
        "the folder komainu was started in": Path.cwd(),
    }
    folders["the home folder"] = Path.home()
    return Known(secret, {what: str(path).encode() for what, path in folders.items() if len(path.parts) > 1})


def leaks(name: str, data: bytes, known: Known) -> Iterator[str]:
    """What a file must not hold, each with its first line: `config.json:3 holds an absolute path`."""
    if name.endswith(".safetensors"):
        data = data[: HEADER + int.from_bytes(data[:HEADER], "little")]
    patterns = {**KEYS, **{what: re.escape(value) for what, value in known.secret.items()}}
    if not name.endswith(ROWS):
        patterns |= {**PATHS, **{what: re.escape(path) + rb"(?![\w.-])" for what, path in known.local.items()}}
    for what, pattern in patterns.items():
        some = (m for m in re.finditer(pattern, data) if what not in KEYS or not PLACEHOLDER.fullmatch(m[0]))
        if found := next(some, None):
            line = data.count(b"\n", 0, found.start()) + 1
            yield f"{name}:{line} holds {what}"


def refuse(files: dict[str, bytes], known: Known) -> None:
    """Raises UsageError when any file holds a key or a path; nothing of it is shown."""
    if found := [text for name, data in files.items() for text in leaks(name, data, known)]:
        raise UsageError(f"nothing is published: {'; '.join(found)}; take it out where the file comes from")


def shown(folder: Path) -> dict[str, bytes]:
    """The files of a folder by name; of weights the header alone."""
    files = (p for p in sorted(folder.rglob("*")) if p.is_file() and ".work" not in p.relative_to(folder).parts)
    return {file.relative_to(folder).as_posix(): head(file) for file in files}


def head(file: Path) -> bytes:
    with open(file, "rb") as handle:
        if file.suffix != ".safetensors":
            return handle.read()
        size = handle.read(HEADER)
        return size + handle.read(int.from_bytes(size, "little"))
