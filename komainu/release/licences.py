"""What licences ask of a released model: which data may be in it, which terms of the base travel, how it is named.

A table of what the licence texts say, to stop plain mistakes; it is no legal advice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from komainu.release.datasets import UNKNOWN
from komainu.rows import Chat, Pair, Row

if TYPE_CHECKING:
    from komainu.stage import Stage

SHOWN = 5  # row ids that are named
TEXTS = re.compile(r"(LICEN[SC]E|NOTICE|USE_POLICY)([.-].*)?", re.IGNORECASE)  # names of files with terms
LLAMA = re.compile(r"(?:meta-)?llama-?(\d(?:\.\d)?)(?:-community)?(?:-licen[sc]e)?(?:-agreement)?")


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
    (r"cc0(-1\.0)?|public-domain|unlicense|mit|isc|apache-2\.0|bsd-[23]-clause", Terms()),
    (r"cc-by(-\d\.\d)?|odc-by(-1\.0)?", Terms(told="{} asks that its source is named, as the table of the sets does")),
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


def refused(rows: Iterable[Row], allowed: Iterable[str]) -> Iterator[str]:
    """Why rows cannot be in a released model, a sentence a licence, with their number and the first ids."""
    known = {normal(each) for each in allowed}
    ids: dict[str, list[str]] = {}
    for row in rows:
        if isinstance(row, (Chat, Pair)):
            ids.setdefault(str(row.meta.get("licence") or ""), []).append(row.id)
    for licence, some in sorted(ids.items()):
        if (why := terms(licence).refused) and normal(licence) not in known:
            more = ", ..." if len(some) > SHOWN else ""
            yield sentence(licence, why, f"{len(some)} rows ({', '.join(some[:SHOWN])}{more})")


def sentence(licence: str, why: str, what: str) -> str:
    return (
        f"{what} are under {licence or 'no licence'!r}: {why}. Leave them out, or put the licence into Card.allowed if "
        "you have the right to release a model that was trained on them"
    )


def refused_sources(data: Iterable[Stage], allowed: tuple[str, ...]) -> Iterator[str]:
    """The same before anything is built, of the files and stages with a licence that the sets are made from.

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
            yield from (f"{stage.label}: {text}" for text in refused(rows, allowed))
        elif "licence" in config and (why := terms(licence).refused) and normal(licence) not in map(normal, allowed):
            yield sentence(licence, why, f"the rows of {stage.label}")


def of_base(base: Mapping[str, object], licence: str) -> Iterator[str]:
    """What is wrong with a model's `licence`, given the config of the base it was trained from."""
    if "licence" not in base:  # trained here, from nothing
        return
    given = str(base["licence"])
    if not given.strip():
        yield "the base has no licence; name it where the base is named"
    elif (version := llama(given)) and llama(licence) != version:
        yield f"Card.licence is {licence!r}, but the base is under {given}, whose terms travel: use 'llama{version}'"
    elif normal(given) == "gemma" and normal(licence) != "gemma":
        yield f"Card.licence is {licence!r}, but the base is under the Gemma Terms of Use, which travel: use 'gemma'"
    elif (why := terms(given).refused) and normal(given) != normal(licence):
        yield f"the base is under {given!r}: {why}; a model made from it can only have that licence"


def title(name: str, base: Mapping[str, object]) -> str:
    """The model's official name: since Llama 3 it begins with the Llama version where the base is a Llama."""
    version = llama(str(base.get("licence", "")))
    if not version or version.startswith("2"):
        return name
    own = name.rpartition("/")[2]
    return own if re.match(rf"llama[ -]?{re.escape(version)}\b", own, re.IGNORECASE) else f"Llama {version} {own}"


def notices(base: Mapping[str, object]) -> Iterator[str]:
    """What the base's licence wants said where the model is shown."""
    given = str(base.get("licence", ""))
    if version := llama(given):
        if not version.startswith("2"):
            yield "Built with Llama."
        yield (
            f"Llama {version} is licensed under the Llama {version} Community License, Copyright © Meta Platforms, "
            "Inc. All Rights Reserved."
        )
    elif normal(given) == "gemma":
        yield (
            "Gemma is provided under and subject to the Gemma Terms of Use found at "
            "[ai.google.dev/gemma/terms](https://ai.google.dev/gemma/terms)."
        )


def texts(folder: Path) -> list[Path]:
    """The files with terms in a model's folder."""
    return sorted(p for p in folder.iterdir() if p.is_file() and TEXTS.fullmatch(p.name)) if folder.is_dir() else []
