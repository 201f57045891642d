"""The hand-labelled answers in `labelled/`, and how the checks do on them.

`⟦…⟧` marks a leak. Leaks were labelled in rounds, each before the rules saw it. The first round, the refusals and the
loops are split in two by hash: the rules were first made looking at "development" alone. From round 8 on, `made` tells
answers as a good chat model writes them ("realistic") from those made to be mistaken ("hard", as all before).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from komainu.checks.base import Check
from komainu.checks.leakage import Span, allowed_text, spans
from komainu.rows import Chat
from tests.checks.helpers import answer

FOLDER = Path(__file__).parent / "labelled"
HALVES = ("development", "held-out")
MADE = ("realistic", "hard")
_MARK = re.compile("⟦(.*?)⟧", re.S)


@dataclass(frozen=True)
class Marked:
    """An answer without its marks, and where they stood."""

    topic: str
    chat: Chat
    leaks: tuple[tuple[int, int], ...]


def rows(name: str, half: str = "") -> Iterator[dict[str, Any]]:
    """The labelled rows of a file, of one half or all."""
    for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        odd = hashlib.sha256((row["prompt"] + row["answer"]).encode()).digest()[0] % 2
        if half in ("", HALVES[odd]):
            yield row


def marked(half: str = "", *, only: int = 0, made: str = "") -> list[Marked]:
    """The answers labelled for leaks, of one round, half and making or all."""
    return [
        unmark(row)
        for row in rows("leakage", half)
        if only in (0, row["round"]) and made in ("", row.get("made", "hard"))
    ]


def unmark(row: dict[str, Any]) -> Marked:
    text, leaks = "", []
    for i, piece in enumerate(_MARK.split(row["answer"])):
        if i % 2:
            leaks.append((len(text), len(text) + len(piece)))
        text += piece
    meta = {key: row[key] for key in ("lang", "task") if key in row}
    return Marked(row["topic"], answer(text, row["prompt"], **meta), tuple(leaks))


def found(one: Marked) -> list[Span]:
    lang = one.chat.meta["lang"]
    return spans(one.chat.reply, lang, allowed_text(one.chat, lang))


def shared(a: tuple[int, int], b: tuple[int, int]) -> float:
    """The share of the characters of two spans that both have."""
    both = min(a[1], b[1]) - max(a[0], b[0])
    return max(0, both) / (max(a[1], b[1]) - min(a[0], b[0]))


def counts(ones: Iterable[Marked]) -> Counter[str]:
    """Over all answers: hits, marked and found, by character, by span that touches and by span that is half shared;
    clean answers, those with an alarm, leaking answers, those noticed."""
    total: Counter[str] = Counter()
    for one in ones:
        got = [(span.start, span.end) for span in found(one)]
        want = list(one.leaks)
        ours, theirs = ({i for a, b in some for i in range(a, b)} for some in (got, want))
        total.update(chars_hit=len(ours & theirs), chars_found=len(ours), chars_marked=len(theirs))
        total.update(spans_found=len(got), spans_marked=len(want))
        for name, least in (("touch", 1e-9), ("half", 0.5)):
            total[f"{name}_found"] += sum(any(shared(g, w) >= least for w in want) for g in got)
            total[f"{name}_marked"] += sum(any(shared(g, w) >= least for g in got) for w in want)
        kind = "leaking" if want else "clean"
        total.update({kind: 1, f"{kind}_flagged": bool(got)})
    return total


def measures(ones: Iterable[Marked]) -> dict[str, float]:
    """Precision, recall and F1 by characters, touching and half-shared spans; the share of clean answers flagged."""
    c = counts(ones)
    result = dict(zip(("chars_p", "chars_r", "chars_f1"), prf(c, "chars_hit", "chars_hit", "chars"), strict=True))
    for name in ("touch", "half"):
        names = (f"{name}_p", f"{name}_r", f"{name}_f1")
        result |= zip(names, prf(c, f"{name}_found", f"{name}_marked", "spans"), strict=True)
    return result | {"false_alarms": c["clean_flagged"] / max(1, c["clean"])}


def prf(c: Counter[str], right: str, recalled: str, of: str) -> tuple[float, float, float]:
    p, r = c[right] / max(1, c[f"{of}_found"]), c[recalled] / max(1, c[f"{of}_marked"])
    return p, r, 2 * p * r / max(1e-9, p + r)


def verdicts(name: str, half: str, flags: Callable[[Chat], str]) -> tuple[float, float, list[Chat]]:
    """Precision and recall of a yes-or-no check on rows labelled `wrong`, and the answers it is mistaken about."""
    seen = [(row["wrong"], answer(row["answer"], row["prompt"])) for row in rows(name, half)]
    flagged = [(wrong, bool(flags(chat)), chat) for wrong, chat in seen]
    right = sum(wrong and flag for wrong, flag, _ in flagged)
    p, r = right / max(1, sum(f for _, f, _ in flagged)), right / max(1, sum(w for w, _, _ in flagged))
    return p, r, [chat for wrong, flag, chat in flagged if wrong != flag]


def quality(check: Check) -> tuple[float, float, list[str]]:
    """Precision and recall of a check on its texts of `quality.jsonl`, and the texts it is mistaken about."""
    lines = (FOLDER / "quality.jsonl").read_text(encoding="utf-8").splitlines()
    mine = [row for row in map(json.loads, lines) if row["check"] == check.name]
    flagged = [(row["wrong"], bool(check(answer(row["text"]))), row["text"]) for row in mine]
    right = sum(wrong and flag for wrong, flag, _ in flagged)
    p, r = right / max(1, sum(f for _, f, _ in flagged)), right / max(1, sum(w for w, _, _ in flagged))
    return p, r, [text for wrong, flag, text in flagged if wrong != flag]


def table() -> Iterator[str]:
    """The lines of the tables in docs/leakage.md: by round, by half of the first round, by kind of text."""
    rounds = sorted({row["round"] for row in rows("leakage")})
    parts = {f"round {n}": marked(only=n) for n in rounds}
    parts |= {f"round 1, {half}": marked(half, only=1) for half in HALVES} | {"all": marked()}
    parts |= {f"round {n}, {made}": marked(only=n, made=made) for n in rounds if n >= 8 for made in MADE}
    topics = sorted({f"{one.chat.meta['lang']} {one.topic}" for one in parts["all"]})
    parts |= {t: [one for one in parts["all"] if f"{one.chat.meta['lang']} {one.topic}" == t] for t in topics}
    for name, ones in parts.items():
        c, m = counts(ones), measures(ones)
        shown = [f"{m[k]:.3f}" if c["spans_marked"] else "" for k in ("chars_f1", "touch_f1", "half_f1", "touch_r")]
        yield f"| {name} | {c['spans_marked']} | {' | '.join(shown)} | {c['clean']} | {c['clean_flagged']} |"


if __name__ == "__main__":
    print(*table(), sep="\n")
