"""Markdown tables and the metadata block of a model card, with everything that comes from data escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*")
UNPRINTABLE = re.compile("[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
NOT_TEXT = {"yes", "no", "on", "off", "true", "false", "null", "y", "n"}  # what YAML reads as something else


def escape(text: object) -> str:
    """Text as Markdown shows it, on one line: no markup, no HTML, no table cell's end in it.

    What Markdown leaves alone anyway stays as it is: `[1.2, 3.4]`, `top_p`, `p < 0.001`.
    """
    line = " ".join(str(text).split()).replace("&", "&amp;").replace(">", "&gt;")
    line = re.sub(r"<(?! )", "&lt;", line)
    line = re.sub(r"([\\`*|~#$]|(?<!\w)_|_(?!\w))", r"\\\1", line)
    return re.sub(r"\[(?![-+]?\d[-+\d., %]*\](?![(\[:]))", r"\\[", line)


def table(header: Sequence[object], rows: Sequence[Sequence[object]], left: int = 1) -> str:
    """A table; the first `left` columns are text, the others numbers set to the right."""
    marks = ["---" if i < left else "--:" for i in range(len(header))]
    lines = [header, marks, *rows]
    cells = [[cell if cells is marks else escape(cell) for cell in cells] for cells in lines]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in cells)


def metadata(values: dict[str, Any]) -> str:
    """The YAML block at the head of a card; empty values are left out."""
    return "\n".join(["---", *yaml({key: value for key, value in values.items() if value}), "---"])


def yaml(value: dict[str, Any] | Sequence[Any]) -> list[str]:
    """The lines of a YAML block: objects and lists of them, of texts, numbers and truth values. None is empty."""
    lines: list[str] = []
    if isinstance(value, dict):
        for key, each in value.items():
            inner = block(each)
            if inner is None:
                lines.append(f"{key}: {scalar(each)}")
            else:
                lines += [f"{key}:", *(inner if isinstance(each, (list, tuple)) else indented(inner))]
        return lines
    for each in value:
        first, *others = block(each) or [scalar(each)]
        lines += [f"- {first}", *indented(others)]
    return lines


def block(value: Any) -> list[str] | None:
    """The lines of what has a block of its own."""
    return yaml(value) if isinstance(value, (dict, list, tuple)) and value else None


def indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def scalar(value: Any) -> str:
    """A YAML value: a text as it is where nothing else could be read, else as JSON, which is YAML too."""
    if isinstance(value, str) and PLAIN.fullmatch(value) and value.lower() not in NOT_TEXT:
        return value
    text = json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return re.sub(r"^(-?\d+)e", r"\1.0e", text)  # without a point YAML reads a text
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
