"""Encoding: text that was read in the wrong encoding, and characters that no writer meant."""

from __future__ import annotations

import re
from dataclasses import dataclass

from komainu.checks.base import Check, shown
from komainu.rows import Chat

_NEVER = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd\ufffe\uffff\ue000-\uf8ff\ud800-\udfff]")
_UTF8_AS_SJIS = re.compile("[縺繧繝]")  # the first bytes of kana in UTF-8, read as Shift_JIS


@dataclass(frozen=True, kw_only=True)
class Encoding(Check):
    """Fails on characters that no writer meant, and on text decoded wrongly.

    The characters: U+FFFD, control characters, private use, lone surrogates. Wrong decoding is what ftfy's
    `fix_encoding` would undo (UTF-8 read as Latin-1, Windows-1252 and their like), and Japanese UTF-8 read as
    Shift_JIS (縺薙ｓ). Not covered: other pairs of encodings, HTML entities, text that lost its bad bytes.
    """

    def fault(self, text: str, chat: Chat) -> str:
        if found := _NEVER.search(text):
            return f"the character U+{ord(found[0]):04X}"
        if text.isascii():
            return ""
        from ftfy import fix_encoding
        from ftfy.badness import badness

        for line in text.splitlines():
            if line.isascii():
                continue
            if (
                len(_UTF8_AS_SJIS.findall(line)) >= max(3, len(line) / 5)
                or badness(line) >= 3
                or fix_encoding(line) != line
            ):
                return f"wrongly decoded {shown(line)}"
        return ""
