"""Data as scripts: a page that was opened as a file may load a script, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

SIZE = 128 * 1024  # characters of a script with several values, about
# What could end a script, break a line in one, turn a text around, or is no text: written as \uXXXX.
RISKY = re.compile("[<>&\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def encode(value: Any) -> str:
    """JSON that stands in a script unharmed, whatever the texts in it say. JSON and JavaScript read it alike.

    A dict's keys must be ours, never a model's: `__proto__` means something else in a script.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return RISKY.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class Series:
    """Values under one key, in scripts of about SIZE: `KEY-0.js`, `KEY-1.js`; a page loads the one it needs."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder, self.key = folder, key
        self.starts: list[int] = []
        self.count = self.waiting = 0
        self.parts: list[str] = []

    def add(self, value: Any) -> None:
        text = encode(value)
        if self.parts and self.waiting + len(text) > SIZE:
            self.flush()
        self.parts.append(text)
        self.waiting += len(text)

    def extend(self, values: Iterable[Any]) -> None:
        for value in values:
            self.add(value)

    def done(self) -> list[int]:
        """Write what is waiting, and tell the number of the first value in each script."""
        self.flush()
        return self.starts

    def flush(self) -> None:
        if self.parts:
            put(self.folder, f"{self.key}-{len(self.starts)}", f"[{','.join(self.parts)}]")
            self.starts.append(self.count)
            self.count += len(self.parts)
            self.parts, self.waiting = [], 0


def write(folder: Path, key: str, value: Any) -> None:
    """Write one value as `KEY.js` under a folder."""
    put(folder, key, encode(value))


def put(folder: Path, key: str, encoded: str) -> None:
    path = folder / f"{key}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f"komainu({encode(key)},{encoded});\n".encode())


def read(path: Path) -> tuple[str, Any]:
    """The key and the value of a script."""
    text = path.read_text(encoding="utf-8").removeprefix("komainu(").removesuffix(");\n")
    key, value = json.loads(f"[{text}]")
    return key, value
