"""Markdown tables and the metadata block of a model card, with everything that comes from data escaped."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._/-]*")
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
    """The YAML block at the head of a card: texts and lists of texts; empty ones are left out."""
    lines = ["---"]
    for key, value in values.items():
        if isinstance(value, str) and value:
            lines.append(f"{key}: {scalar(value)}")
        elif value:
            lines += [f"{key}:", *(f"- {scalar(v)}" for v in value)]
    return "\n".join([*lines, "---"])


def scalar(text: str) -> str:
    """A YAML text: as it is where nothing else could be read, else quoted (JSON's strings are YAML's)."""
    return text if PLAIN.fullmatch(text) and text.lower() not in NOT_TEXT else json.dumps(text, ensure_ascii=False)
