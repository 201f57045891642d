"""What licences ask of those who pass rows on, or a model trained on them; which rows are refused for it.

A table of what the licence texts say, to stop plain mistakes; it is no legal advice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from komainu.rows import Chat, Pair, Row

if TYPE_CHECKING:
    from komainu.stage import Stage

SHOWN = 5  # row ids that are named
TEXTS = re.compile(r"(LICEN[SC]E|NOTICE|USE_POLICY)([.-].*)?", re.IGNORECASE)  # names of files with a model's terms
UNKNOWN = "not stated"  # how a licence that no row tells is called
LLAMA = re.compile(r"(?:meta-)?llama-?(\d(?:\.\d)?)(?:-community)?(?:-licen[sc]e)?(?:-agreement)?")
NO_ATTRIBUTION = r"cc0(-1\.0)?|public-domain|unlicense"
PERMISSIVE = rf"{NO_ATTRIBUTION}|mit|isc|apache-2\.0|bsd-[23]-clause"
ATTRIBUTION = r"cc-by(-\d\.\d)?|odc-by(-1\.0)?"


class Terms(NamedTuple):
    """What a licence says of training data: `refused` is why data under it cannot be in a released model, `told` what
    the card has to say of it."""

    refused: str = ""
    told: str = ""


SHARE_ALIKE = "{} asks that what is adapted from it stays under its terms; whether weights are, is not settled"
DATA = (  # the first that matches the whole of a licence's normal form
    (r"cc-by(-nc)?-nd(-\d\.\d)?", Terms("it forbids adaptations")),
    (
        r"cc-by-nc(-sa)?(-\d\.\d)?",
        Terms("it forbids commercial use, which the model's users could not be told of row by row"),
    ),
    (r"cc-by-sa(-\d\.\d)?", Terms(told=SHARE_ALIKE)),
    (PERMISSIVE, Terms()),
    (ATTRIBUTION, Terms(told="{} asks that its source is named, as the table of the sets does")),
    (r"gemma", Terms(told="data under {} brings the Gemma Terms of Use with it")),
)


def normal(licence: str) -> str:
    """`CC BY-NC 4.0` as `cc-by-nc-4.0`."""
    return re.sub(r"[\s_-]+", "-", licence.strip().lower())


def terms(licence: str) -> Terms:
    """What a licence says of training data. One that is not known, and none at all, is refused."""
    if not licence.strip() or licence == UNKNOWN:
        return Terms("no licence is stated")
    for pattern, found in DATA:
        if re.fullmatch(pattern, normal(licence)):
            return found._replace(told=found.told.format(licence))
    if version := llama(licence):
        return Terms(told=f"data under {licence} brings the terms of the Llama {version} licence with it")
    return Terms("it is not known here")


def llama(licence: str) -> str:
    """The Llama version of a Llama community licence, `3.1`; "" for another licence."""
    found = LLAMA.fullmatch(normal(licence))
    return found[1] if found else ""


def asks(licence: str) -> dict[str, str] | None:
    """What a licence asks of a set with its rows, by a name for it; None for a licence that is not known here."""
    name = normal(licence)
    if re.fullmatch(NO_ATTRIBUTION, name):
        return {}
    named = {"named": "it asks that its source is named"}
    if re.fullmatch(rf"{PERMISSIVE}|{ATTRIBUTION}", name):
        return named
    if found := re.fullmatch(r"(cc-by(-nc)?(-sa)?)(-\d\.\d)?", name):
        free = {"paid": "it forbids commercial use"} if found[2] else {}
        alike = {found[1]: "what is adapted from it must stay under it"} if found[3] else {}
        return named | free | alike
    if name == "gemma" or llama(licence):
        return named | {name if name == "gemma" else f"llama{llama(licence)}": "its terms travel with the rows"}
    return None


def conflict(licence: str, release: str) -> str:
    """Why rows under `licence` cannot be in a set that is published under `release`; "" when they can.

    Two rows that no one licence fits conflict with every `release`. Not looked at: versions of a Creative Commons
    licence, for of most the later one may be used; databases as such.
    """
    if not licence.strip() or licence == UNKNOWN:
        return "no licence is stated"
    if re.fullmatch(r"cc-by(-nc)?-nd(-\d\.\d)?", normal(licence)):
        return "it forbids adaptations, as a selection in another form may be one"
    if normal(licence) == normal(release):
        return ""
    wanted, given = asks(licence), asks(release)
    if wanted is None:
        return "it is not known here"
    lacking = [why for what, why in wanted.items() if what not in (given or {})]
    return f"{lacking[-1]}, which {release} does not" if lacking else ""


class Rule(NamedTuple):
    """Which rows are refused: `why` says what is wrong with a licence ("": nothing), `remedy` what can be done.
    Licences in `allowed` were cleared by a person."""

    why: Callable[[str], str]
    remedy: str
    allowed: tuple[str, ...] = ()

    def refuses(self, licence: str) -> str:
        return "" if normal(licence) in map(normal, self.allowed) else self.why(licence)

    def of_rows(self, rows: Iterable[Row]) -> Iterator[str]:
        """A sentence for each licence that is refused, with the ids of rows under it."""
        return self.of_ids((str(r.meta.get("licence") or ""), r.id) for r in rows if isinstance(r, (Chat, Pair)))

    def of_ids(self, found: Iterable[tuple[str, str]]) -> Iterator[str]:
        """The same of licences and row ids."""
        counts: Counter[str] = Counter()
        first: dict[str, list[str]] = {}
        for licence, id in found:
            counts[licence] += 1
            if counts[licence] <= SHOWN:
                first.setdefault(licence, []).append(id)
        for licence, n in sorted(counts.items()):
            if why := self.refuses(licence):
                more = ", ..." if n > SHOWN else ""
                yield self.sentence(licence, why, f"{n} rows ({', '.join(first[licence])}{more})")

    def sentence(self, licence: str, why: str, what: str) -> str:
        return f"{what} are under {licence or 'no licence'!r}: {why}. {self.remedy}"

    def of_sources(self, data: Iterable[Stage]) -> Iterator[str]:
        """The same before anything is built, of the files and stages with a licence that sets are made from.

        What only steps look at (items to keep away from) is not looked at, for nothing is learnt from it.
        """
        seen: set[str] = set()
        todo = [*data]
        while todo:
            if (stage := todo.pop()).id in seen:
                continue
            seen.add(stage.id)
            todo += [s for at, s in stage.inputs.items() if s.row_type in (Chat, Pair) and not at.startswith("steps")]
            config = stage.config()
            rows, licence = stage.peek(), str(config.get("licence", ""))
            if rows is not None:
                yield from (f"{stage.label}: {text}" for text in self.of_rows(rows))
            elif "licence" in config and (why := self.refuses(licence)):
                yield self.sentence(licence, why, f"the rows of {stage.label}")
