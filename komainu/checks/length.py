"""Length: answers too short, too long, or out of proportion to the question."""

from __future__ import annotations

from dataclasses import dataclass

from komainu.checks.base import Check
from komainu.rows import Chat


@dataclass(frozen=True, kw_only=True)
class Length(Check):
    """Bounds on the answer in characters (code points, outer white space left out); 0 sets no bound.

    `least_ratio` and `most_ratio` bound the answer's UTF-8 bytes over those of the last user turn, judged
    only when that turn has at least `ratio_from` characters. Bytes make the languages comparable: an English
    text and its Japanese translation have about as many. A translation outside [0.3, 3] is rarely one.
    """

    least: int = 1
    most: int = 0
    least_ratio: float = 0.0
    most_ratio: float = 0.0
    ratio_from: int = 100

    def fault(self, text: str, chat: Chat) -> str:
        n = len(text.strip())
        if n < self.least:
            return f"{n} characters, at least {self.least}"
        if self.most and n > self.most:
            return f"{n} characters, at most {self.most}"
        asked = next((m.content for m in reversed(chat.prompt) if m.role == "user"), "").strip()
        if not asked or len(asked) < self.ratio_from:
            return ""
        ratio = size(text.strip()) / size(asked)
        if ratio < self.least_ratio:
            return f"{ratio:.2f} times the question, at least {self.least_ratio:g}"
        if self.most_ratio and ratio > self.most_ratio:
            return f"{ratio:.2f} times the question, at most {self.most_ratio:g}"
        return ""


def size(text: str) -> int:
    """UTF-8 bytes; a lone surrogate counts as the three bytes it would take."""
    return len(text.encode("utf-8", errors="surrogatepass"))
