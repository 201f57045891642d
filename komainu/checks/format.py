"""Format: the shape of the answer that the question asked for."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from komainu.checks.base import Check, shown
from komainu.checks.text import sentences, without_code
from komainu.errors import UsageError, nearest
from komainu.rows import Chat

_FENCE = re.compile(r"\s*```(?:json|JSON)?[ \t]*\n(.*?)\n?[ \t]*```\s*", re.S)
_BULLET = re.compile(r"^ {0,3}(?:[-*+•・●◦▪–]|[-*+] \[[ xX]\])[ \t　]*(?=[^\s*-])", re.M)


@dataclass(frozen=True, kw_only=True)
class Format(Check):
    """Fails when the answer has not the shape of `meta["format"]`, a dict with a `kind`:

    json {keys}: one JSON object with exactly these keys, in any order, each once; a code fence around it is
    allowed, anything else is not. bullets {n}: n unindented bullet lines (- * + • ・), whatever else is there.
    max_chars {n}: at most n characters (code points of the composed form), trailing line ends not counted.
    max_words {n}: at most n words between white space. sentences {n}: n sentences.
    repeat {text, n}: `text` n times and nothing else but separators; case and width do not matter.
    Raises UsageError on a kind or a field it does not know.
    """

    def fault(self, text: str, chat: Chat) -> str:
        wanted = chat.meta.get("format")
        if not wanted:
            return ""
        kind = wanted.get("kind") if isinstance(wanted, dict) else None
        if kind not in _RULES:
            raise UsageError(f"row {chat.id}: meta.format has no known kind: {wanted!r}{nearest(str(kind), _RULES)}")
        try:
            return _RULES[kind](text, wanted)
        except (KeyError, TypeError) as e:
            raise UsageError(
                f"row {chat.id}: meta.format of kind {kind!r} lacks or garbles a field: {e}; mend the row's meta.format"
            ) from e


def _json(text: str, wanted: dict[str, Any]) -> str:
    fenced = _FENCE.fullmatch(text)
    try:
        found = json.loads(fenced[1] if fenced else text, object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return "not one JSON value"
    if not isinstance(found, dict):
        return "JSON, but no object"
    missing, extra = set(wanted["keys"]) - set(found), set(found) - set(wanted["keys"])
    if missing or extra:
        parts = [f"without {', '.join(sorted(missing))}"] * bool(missing)
        parts += [f"with {', '.join(sorted(extra))}"] * bool(extra)
        return shown(f"JSON {' and '.join(parts)}", 80)[1:-1]
    return ""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _bullets(text: str, wanted: dict[str, Any]) -> str:
    return _exactly(len(_BULLET.findall(without_code(text))), wanted["n"], "bullets")


def _max_chars(text: str, wanted: dict[str, Any]) -> str:
    n = len(unicodedata.normalize("NFC", text.rstrip("\r\n")))
    return f"{n} characters, at most {wanted['n']}" if n > wanted["n"] else ""


def _max_words(text: str, wanted: dict[str, Any]) -> str:
    n = len([w for w in text.split() if re.search(r"\w", w)])
    return f"{n} words, at most {wanted['n']}" if n > wanted["n"] else ""


def _sentences(text: str, wanted: dict[str, Any]) -> str:
    return _exactly(len(sentences(text)), wanted["n"], "sentences")


def _repeat(text: str, wanted: dict[str, Any]) -> str:
    unit = _plain(wanted["text"])
    if not unit:
        raise KeyError("text")
    body = _plain(text)
    n = body.count(unit)
    if n != wanted["n"]:
        return f"{n} times, not {wanted['n']}"
    rest = re.sub(r"[\W_]", "", body.replace(unit, ""))
    return f"other text {shown(rest)}" if rest else ""


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _exactly(n: int, wanted: int, what: str) -> str:
    return "" if n == wanted else f"{n} {what}, not {wanted}"


_RULES: dict[str, Callable[[str, dict[str, Any]], str]] = {
    "json": _json,
    "bullets": _bullets,
    "max_chars": _max_chars,
    "max_words": _max_words,
    "sentences": _sentences,
    "repeat": _repeat,
}
