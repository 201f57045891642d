"""A model among others of its family: licence, size, context and averages of each, from the cards they have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from komainu.errors import UsageError
from komainu.release import licences
from komainu.release.results import Results
from komainu.store import Artifact

if TYPE_CHECKING:
    from komainu.context import Context
    from komainu.release.card import Card


class Member(NamedTuple):
    """One line of the family's table; `averages` by part, as a board's headline has them."""

    licence: str
    title: str
    parameters: int
    context: int | None
    averages: dict[str, Any]


def itself(card: Card, results: Results, files: Mapping[str, Any]) -> Member:
    """The line of the card's own model."""
    return Member(card.licence, card.title, files["parameters"], files.get("context"), results.headline[card.entry])


def others(cards: Iterable[Artifact], mine: Results, ctx: Context, read: Callable[[str], Results]) -> Iterator[Member]:
    """The models of other cards; `read` gives the numbers of the board at `board/<id>`.

    Raises UsageError for a card whose averages are of other benchmarks than `mine`, or measured otherwise.
    """
    for card in cards:
        config, found, files = card.record["config"], read(card.inputs["board"]), card.summary.get("measured")
        if files is None:
            raise UsageError(f"{card.ref} does not tell its size: an older version of komainu made it; make it again")
        if apart := differing(mine, found):
            raise UsageError(
                f"{card.ref} cannot stand in a table with this card: its averages are of other benchmarks, or of some "
                f"that were measured otherwise: {', '.join(apart)}"
            )
        base = ctx.store.at(card.inputs["base"])
        title = licences.title(config["name"], base.record["config"] if base else {})
        averages = found.headline[config["entry"]]
        yield Member(config["licence"], title, files["parameters"], files.get("context"), averages)


def differing(mine: Results, other: Results) -> list[str]:
    """The benchmarks, `exact (ja)`, that only one of two boards averages, or that were not measured alike."""
    one, two = ({name: r.found.get("measured", {}).get(name) for name in r.counted} for r in (mine, other))
    return [name for name in one | two if name not in one or name not in two or one[name] != two[name]]
