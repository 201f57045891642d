"""Text on a terminal: how wide it is, without what would steer it, two texts side by side, and one pressed key."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterator
from itertools import zip_longest
from typing import TextIO

JOINER = "\u200d"  # joins emoji, steers nothing
ARROWS = {"\x1b[D": "left", "\x1bOD": "left", "\x1b[C": "right", "\x1bOC": "right"}


def cells(text: str) -> int:
    """The cells of a terminal that a text takes: two for a wide character, none for one that is put on another."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def harmless(c: str) -> bool:
    """Whether a terminal shows a character and obeys nothing in it; spaces of all widths are."""
    return c.isprintable() or c == JOINER or unicodedata.category(c) == "Zs"


def printable(text: str) -> str:
    """A text on one line without control characters: what a terminal would obey is a replacement character."""
    return text if text.isprintable() else "".join(c if harmless(c) else "\ufffd" for c in text)


def safe(text: str) -> str:
    """Lines of text with what would steer a terminal written out."""
    return "".join(c if c in "\n\t" or harmless(c) else f"\\x{ord(c):02x}" for c in text)


def wrapped(text: str, width: int) -> Iterator[str]:
    """Lines of at most `width` cells; broken at a space where the line's second half has one."""
    assert width > 1, "a wide character needs two cells"
    for line in text.expandtabs(4).split("\n"):
        while cells(line) > width:
            end = used = 0
            while used + (wide := cells(line[end])) <= width:
                used, end = used + wide, end + 1
            space = line.rfind(" ", end // 2, end + 1)
            yield line[: space if space > 0 else end]
            line = line[space + 1 if space > 0 else end :]
        yield line


def beside(left: str, right: str, width: int) -> Iterator[str]:
    """Two texts side by side in `width` cells, a bar between them."""
    half = (width - 3) // 2
    for a, b in zip_longest(wrapped(left, half), wrapped(right, half), fillvalue=""):
        yield f"{a}{' ' * (half - cells(a))} | {b}".rstrip()


def pressed(terminal: TextIO, asked: str) -> str:
    """The next key that is pressed at a terminal, without Enter, once `asked` stands on stderr; arrows as `left` and
    `right`. What was typed before does not count. EOFError for Ctrl-D, KeyboardInterrupt for Ctrl-C."""
    import termios  # not on every system
    import tty

    file = terminal.fileno()
    before = termios.tcgetattr(file)
    try:
        tty.setcbreak(file, termios.TCSAFLUSH)
        print(asked, end="", file=sys.stderr, flush=True)
        key = os.read(file, 16).decode("utf-8", "replace")
    finally:
        termios.tcsetattr(file, termios.TCSADRAIN, before)
        print(file=sys.stderr)
    if key in ("", "\x04"):
        raise EOFError
    return ARROWS.get(key, key[:1])
