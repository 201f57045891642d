"""The shape of an answer: chapters, headings, placeholders, JSON, Markdown, several answers, how it begins and ends."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

from komainu.eval.bench.jp_ifeval.kana import composed
from komainu.eval.bench.jp_ifeval.pieces import lines

_FENCE = re.compile(r"```(?:json)?\s*\n(?P<body>.*?)\n?\s*```", re.DOTALL | re.IGNORECASE)
_RULE = re.compile(r":?-{1,}:?")
_MARKUP = "#*＊ 　【"


def chapters(response: str, *, unit: str, count: int) -> bool:
    """Lines that begin with 第1章, 第2章 and so on to `count`, in order; digits of either width, no kanji numerals."""
    heads = (re.match(rf"第(\d+){re.escape(unit)}", line.lstrip(_MARKUP)) for line in lines(response))
    numbers = [int(unicodedata.normalize("NFKC", head[1])) for head in heads if head]
    return numbers == [*range(1, count + 1)]


def headings(response: str, *, titles: list[str]) -> bool:
    """Lines that begin with 【title】, exactly these in this order, each with text after it."""
    text = "\n".join(line.lstrip("#* ") for line in lines(response))
    first, *rest = re.split(r"^【([^】\n]+)】", text, flags=re.MULTILINE)
    bodies = [re.sub(r"[\W_]", "", body) for body in rest[1::2]]
    return not first.strip() and rest[::2] == titles and all(bodies)


def placeholders(response: str, *, names: list[str]) -> bool:
    """All of the placeholders in half-width brackets, [名前], each at least once, and no others."""
    return set(re.findall(r"\[([^\[\]\n]*)\]", composed(response))) == set(names)


def json_keys(response: str, *, keys: list[str]) -> bool:
    """The whole answer is one JSON object, bare or in one fence, with exactly these keys and no empty value."""
    text = composed(response).strip()
    fenced = _FENCE.fullmatch(text)
    try:
        pairs = json.loads(fenced["body"] if fenced else text, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return False
    return (
        _is_object(pairs) and sorted(k for k, _ in pairs) == sorted(keys) and all(v not in ("", None) for _, v in pairs)
    )


def _is_object(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(pair, tuple) for pair in value) and bool(value)


def table(response: str, *, columns: list[str], rows: int) -> bool:
    """One Markdown table with exactly these columns and so many rows, no cell empty; text may stand around it."""
    found = [cells(line) for line in lines(response) if line.startswith("|")]
    if len(found) != rows + 2 or any(len(row) != len(columns) for row in found):
        return False
    head, rule, *body = found
    return head == columns and all(map(_RULE.fullmatch, rule)) and all(all(row) for row in body)


def cells(line: str) -> list[str]:
    """The cells of a line of a table, without bold marks."""
    return [cell.strip(" *　") for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]


def bullets(response: str, *, mark: str, count: int) -> bool:
    """Exactly so many lines that begin with the mark and go on, and none with another bullet or a number."""
    found = lines(response)
    marked = [line for line in found if line.startswith(mark) and line.removeprefix(mark).strip(mark + " 　")]
    other = [line for line in found if not line.startswith(mark) and re.match(r"[・*●○◆■※✓-]|\d+[.)．]", line)]
    return len(marked) == count and not other


def heading_levels(response: str, *, level: int, count: int) -> bool:
    """Exactly so many Markdown headings of the level, with a space after the #, and none of another level."""
    found = re.findall(r"^(#+)[ 　]+\S", composed(response), re.MULTILINE)
    return found == ["#" * level] * count


def several(response: str, *, marker: str, count: int) -> bool:
    """So many different answers with a line of the marker between each two, none empty."""
    parts = re.split(rf"^[ \t]*{re.escape(marker)}[ \t]*$", composed(response), flags=re.MULTILINE)
    told = {re.sub(r"[\W_]", "", part) for part in parts}
    return len(parts) == count == len(told) and "" not in told


def first_sentence(response: str, *, sentence: str) -> bool:
    """The answer begins with the sentence, letter by letter, and goes on."""
    text = composed(response).strip()
    return text.startswith(sentence) and bool(text.removeprefix(sentence).strip())


def last_sentence(response: str, *, sentence: str) -> bool:
    """The answer ends with the sentence, letter by letter, and something stands before it."""
    text = composed(response).strip()
    return text.endswith(sentence) and bool(text.removesuffix(sentence).strip())
