"""The translation in a reply: what stands between `<translation>` and `</translation>`."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from komainu.checks.text import visible

How = Literal["tagged", "unclosed", "untagged"]
_OPENS = re.compile(r"<\s*translation\s*>", re.I)
_CLOSES = re.compile(r"<\s*/\s*translation\s*>", re.I)


class Found(NamedTuple):
    """A translation, and how it was marked."""

    text: str
    how: How


def translation(reply: str) -> Found:
    """The translation that a reply gives, without space at its ends.

    Of several tags the last opening one counts, with what stands before the next closing one, or before the end where
    none follows ("unclosed"). A reply without an opening tag is a translation as a whole, up to a closing tag
    ("untagged"). Thinking before the answer is left out.
    """
    text = visible(reply)
    opens = [*_OPENS.finditer(text)]
    rest = text[opens[-1].end() :] if opens else text
    closing = _CLOSES.search(rest)
    how: How = ("tagged" if closing else "unclosed") if opens else "untagged"
    return Found(rest[: closing.start()].strip() if closing else rest.strip(), how)
