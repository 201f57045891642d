"""Checks of instructions that are the same in English and Japanese."""

from __future__ import annotations

import json
import re

from komainu.checks.instructions.language import detected

_FENCE = re.compile(r"```(?:json|Json|JSON)?")


def response_language(response: str, *, language: str) -> bool:
    """The whole response is in the language (ISO 639-1); a text without letters to tell it by counts as right."""
    return detected(response) in (None, language)


def number_placeholders(response: str, *, num_placeholders: int) -> bool:
    """At least so many [placeholders], each on one line."""
    return len(re.findall(r"\[[^\]\n]*\]", response)) >= num_placeholders


def number_paragraphs(response: str, *, num_paragraphs: int) -> bool:
    """Exactly so many paragraphs divided by ***; only the first and the last may be blank, and are not counted."""
    first, *rest = [part.strip() for part in response.split("***")]
    if not all(rest[:-1]):
        return False
    return sum(map(bool, (first, *rest))) == num_paragraphs


def json_format(response: str) -> bool:
    """The whole response is JSON, bare or in one Markdown fence."""
    text = response.strip()
    if opening := _FENCE.match(text):
        text = text[opening.end() :]
    try:
        json.loads(text.removesuffix("```").strip())
    except (ValueError, RecursionError):
        return False
    return True


def two_responses(response: str) -> bool:
    """Two different answers divided by ******; nothing blank between dividers."""
    first, *rest = [part.strip() for part in response.split("******")]
    answers = [part for part in (first, *rest) if part]
    return all(rest[:-1]) and len(answers) == 2 and answers[0] != answers[1]


def nth_paragraph(response: str, num_paragraphs: int, nth: int) -> str | None:
    """The nth paragraph, stripped, of a response that has exactly so many, divided by blank lines; else None.

    Blank paragraphs are not counted, but where one stands the places after it are shifted.
    """
    parts = [part.strip() for part in response.split("\n\n")]
    if sum(map(bool, parts)) != num_paragraphs or not 1 <= nth <= num_paragraphs:
        return None
    return parts[nth - 1] or None
