"""Candidates that translate as an anchor does, and judges that know how near a translation is to the careful one."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import cache

from komainu.eval.bench.tl_bench.graded import GradedAnchors, translations
from komainu.eval.bench.tl_bench.items import TlBenchItems
from komainu.models.base import Model, Reply

MARK = re.compile(r"<verdict-([0-9a-f]{16})>")


@cache
def texts() -> dict[str, dict[str, str]]:
    """The anchors' translations by the source text."""
    found = GradedAnchors().read(None)  # type: ignore[arg-type]
    return {str(item.meta["text"]): dict(found.texts[item.id]) for item in TlBenchItems().everything}


@cache
def careful() -> dict[str, str]:
    own = translations()
    return {str(item.meta["text"]): own[item.id] for item in TlBenchItems().everything}


def source_of(prompt: str) -> str:
    return next(text for text in careful() if text in prompt)


def between(prompt: str, tag: str) -> str:
    mark = MARK.search(prompt)
    assert mark
    return prompt.split(f"<{tag}-{mark[1]}>\n", 1)[1].split(f"\n</{tag}-{mark[1]}>", 1)[0]


@cache
def likeness(text: str, wanted: str) -> float:
    return SequenceMatcher(None, text, wanted, autojunk=False).ratio()


def say(model: Model, text: str, sample: int) -> str | Reply:
    """The model called as an anchor translates as it does; the judge prefers what is nearer to the careful translation,
    the "biased" one the first whenever they are near."""
    if model.name in texts()[next(iter(careful()))]:
        return f"<translation>{texts()[source_of(text)][model.name]}</translation>"
    mark = MARK.search(text)
    assert mark
    wanted = careful()[between(text, "source")]
    gap = likeness(between(text, "translation-a"), wanted) - likeness(between(text, "translation-b"), wanted)
    if model.name == "biased":
        gap += 0.2
    word = "TIE" if abs(gap) < 0.01 else "A" if gap > 0 else "B"
    return f"The gap is {gap:.2f}.\n<verdict-{mark[1]}>{word}</verdict-{mark[1]}>"
