"""Markup: fences, brackets, quotes, bold and LaTeX that are opened and never closed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from komainu.checks.base import Check
from komainu.checks.text import blank, without_code
from komainu.rows import Chat

_FENCE = re.compile(r"^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?(`{3,}|~{3,})(.*)$", re.M)
_INLINE = re.compile(r"(?<!`{200})(`++)[^\n]*?(?<!`)\1(?!`)")  # not from each of a thousand marks in a row
_LINK = re.compile(r"(?:https?://|www\.)(?:[^\s、。「」（）()\[\]<>]|\([^\s()]*\))+")
_INTERVAL = re.compile(r"[\[(］\]]\s*[-−]?[\w.∞\\]+\s*,\s*[-−+]?[\w.∞\\]+\s*[)\]\[]")
_ITEM = re.compile(
    r"^[ \t>*_]*(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,4}|[ァ-ンぁ-んa-zＡ-Ｚ０-９])[)）]|\s[a-h][)）]\s"
    r"|^[^()（）\[\]「」『』【】“”\n]*?(?<![A-Za-z])[A-H][)）]",
    re.M,
)
_FACE = re.compile(
    r"[:;=]['’]?-?[()\[\]]|[(（][^()（）\n\w]{1,4}[_ω∀Д▽ﾟ﹏・^;；`´≧≦ー\-ノ\\/]{1,8}[^()（）\n\w]{0,4}[)）]"
)
_GLASSES = re.compile(r"(?<![A-Za-z0-9.])[8xX]['’]?-?[()\[\]]")  # a smiley where it is no end of "(fig. 8)"
_GROUP = re.compile(r"[(（][^()（）]*[)）]|\[[^\[\]]*\]")
_ENVIRONMENT = re.compile(r"\\(begin|end)\{(\w+\*?)\}")
_FORMULA = re.compile(
    r"\$\$.*?\$\$|(?<![\\\w$])\$(?!\s)[^$\n]{1,200}?(?<!\s)\$(?!\d)|\\\[.*?\\\]|\\\(.*?\\\)|\\begin\{(\w+\*?)\}.*?\\end\{\1\}",
    re.S,
)
_SIZED = re.compile(r"\\(?:left|right|[Bb]igg?[lr]?)\s*\\?[()\[\]{}.|]")
_BOLD = re.compile(r"\*\*")
_PAIRS = {"(": ")", "[": "]", "（": "）", "「": "」", "『": "』", "【": "】", "“": "”"}
_OPENERS = {close: opener for opener, close in _PAIRS.items()}


@dataclass(frozen=True, kw_only=True)
class Markup(Check):
    """Fails on an unclosed code fence, LaTeX that does not pair up, and brackets, quotes or bold without their mate.

    Brackets are counted outside code and formulas; half-width and full-width ones may close each other. Items ("1)"),
    half-open intervals and smileys are no brackets. Bold is judged line by line.
    Not covered: straight quotes, HTML, tables, brackets inside code, and a text cut off, which Truncation sees.
    """

    def fault(self, text: str, chat: Chat) -> str:
        return _fence(text) or self._rest(_INLINE.sub(" ", without_code(text)))

    def _rest(self, text: str) -> str:
        return _latex(text) or _brackets(text) or _bold(text)


def _fence(text: str) -> str:
    opened = ""
    for mark, rest in _FENCE.findall(text):
        if not opened:
            opened = mark if "`" not in rest else ""
        elif mark[0] == opened[0] and len(mark) >= len(opened) and not rest.strip():
            opened = ""
    return f"the code fence {opened} is not closed" if opened else ""


def _latex(text: str) -> str:
    opened: list[str] = []
    for word, name in _ENVIRONMENT.findall(text):
        if word == "begin":
            opened.append(name)
        elif not opened or opened.pop() != name:
            return f"\\end{{{name}}} without its \\begin"
    if opened:
        return f"\\begin{{{opened[-1]}}} without its \\end"
    for opener, close in ((r"\[", r"\]"), (r"\(", r"\)")):
        if len(re.findall(r"(?<!\\)" + re.escape(opener), text)) != len(
            re.findall(r"(?<!\\)" + re.escape(close), text)
        ):
            return f"{opener} and {close} do not pair up"
    if text.count("$$") % 2:
        return "$$ is not closed"
    for formula in (m[0] for m in _FORMULA.finditer(text)):
        bare = re.sub(r"\\[{}]", "", formula)
        if bare.count("{") != bare.count("}"):
            return "braces in a formula do not pair up"
        if len(re.findall(r"\\left\b", bare)) != len(re.findall(r"\\right\b", bare)):
            return "\\left and \\right do not pair up"
    return ""


def _brackets(text: str) -> str:
    for pattern in (_FORMULA, _SIZED, _LINK, _INTERVAL, _FACE, _GROUP, _GLASSES, _ITEM):
        text = blank(pattern, text)
    counts = {kind: text.count(kind) for kind in (*_PAIRS, *_OPENERS)}
    counts["("] += counts.pop("（")
    counts[")"] += counts.pop("）")
    for opener, close in _PAIRS.items():
        if opener != "（" and counts[opener] != counts[close]:
            return f"{counts[opener]} {opener} and {counts[close]} {close}"
    return "one ` is not closed" if text.count("`") % 2 else ""


def _bold(text: str) -> str:
    for line in blank(_FORMULA, text).splitlines():
        marks = len(_BOLD.findall(re.sub(r"\*{3,}|[\w)\]] ?\*\* ?(?=\d)", " ", line)))
        if marks % 2:
            return "** is not closed on its line"
    return ""
