"""The card of a released model in a store, by what a user calls it."""

from __future__ import annotations

from komainu.errors import UsageError
from komainu.store import Artifact, Store


def card_of(store: Store, target: str) -> Artifact:
    """The card that a name or id stands for; of a report, the card it shows."""
    found = store.resolve(target)
    if "card" in found.inputs:
        found = store.resolve(found.inputs["card"])
    if found.record["stage"] != "Card":
        raise UsageError(f"{target!r} is {found.ref}, not a card; name the card of a released model")
    return found
