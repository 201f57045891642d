"""Where a reasoning model's thinking ends and its answer begins."""

from __future__ import annotations

import re
from typing import NamedTuple

_NAMES = "think|thinking|thought|seed:think"
_BLOCK = re.compile(rf"\s*(?:<({_NAMES})>(.*?)(?:</\1>|\Z)|\[THINK\](.*?)(?:\[/THINK\]|\Z))", re.S)
_CLOSED = re.compile(rf"(.*?)(?:</(?:{_NAMES})>|\[/THINK\])[ \t]*(?:\n|\Z)", re.S)  # opened in the chat template


class Split(NamedTuple):
    """The thinking without its tags, and the answer as it stands behind it."""

    thinking: str
    answer: str


def split(text: str) -> Split:
    """Cut leading think blocks off, closed or cut short, and thinking that only has its closing tag.

    A closing tag without an opening one counts where a line ends with it, as models write it whose chat template
    opens the block. Not covered: such thinking that is cut off before its closing tag, which looks like an answer;
    let the server give the thinking in a field of its own. Thinking in the middle of an answer is left there.
    """
    if "<" not in text and "[" not in text:
        return Split("", text)
    thoughts: list[str] = []
    rest = text
    while found := _BLOCK.match(rest):
        thoughts.append(found[2] if found[2] is not None else found[3])
        rest = rest[found.end() :]
    if not thoughts and (found := _CLOSED.match(rest)):
        thoughts.append(found[1])
        rest = rest[found.end() :]
    if not thoughts:
        return Split("", text)
    return Split("\n".join(filter(None, (t.strip() for t in thoughts))), rest)


def apart(text: str) -> Split:
    """`split`, and the white space between thinking and answer gone: how a reply is kept."""
    thinking, answer = split(text)
    return Split(thinking, answer if answer == text else answer.lstrip())
