"""What `komainu verify` and `komainu release evidence` do; nothing here prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from komainu import lineage, settings
from komainu.cli_verbs import Outcome, node_of, ref_of
from komainu.release.lookup import card_of
from komainu.store import Store

if TYPE_CHECKING:
    from komainu.proof.card import Proof

SHOWN = 40  # doubts that are printed; --json has all of them


def verify(target: str, values: Sequence[str], evidence: str = "") -> Outcome:
    """Whether every file is as it was made, and every number of a card what its evidence gives; code 3 when not."""
    from komainu.proof.card import WRITTEN, find, prove

    store = Store(settings.load().root)
    folder = Path(target)
    is_card = bool(target) and all((folder / name).is_file() for name in WRITTEN)
    if evidence:
        return with_bundle(folder if is_card else card_of(store, target).path, Path(evidence))
    if is_card and store.root.resolve() not in folder.resolve().parents:
        return outcome(store, [], [], prove(folder, find(store, folder), store))
    node = node_of(target, values, store) if target else None
    folders, problems = lineage.verify(store, [node] if node else None)
    card = node.artifact if node and node.kind == "Card" else None
    proof = prove(card.path, card.ref, store) if card else None
    return outcome(store, [ref_of(p) for p in folders], problems, proof)


def with_bundle(folder: Path, evidence: Path) -> Outcome:
    from komainu.proof import bundle
    from komainu.proof.card import prove

    with bundle.opened(evidence) as found:
        proof = prove(folder, found.card, found.store)
        told = outcome(Store(evidence), [], found.problems, proof)
        return told._replace(payload={**told.payload, "seal": found.seal}, lines=[f"seal {found.seal}", *told.lines])


def outcome(store: Store, checked: list[str], problems: list[str], proof: Proof | None) -> Outcome:
    """What was looked at, what does not hold, and of a card every doubt about a number."""
    every = list(dict.fromkeys([*problems, *(proof.problems if proof else [])]))
    doubts = proof.doubts if proof else []
    payload: dict[str, Any] = {"store": str(store.root), "checked": checked, "problems": every}
    if proof:
        payload |= {"card": proof.card, "cells": proof.counts, "doubts": [cell._asdict() for cell in doubts]}

    def lines() -> Iterator[str]:
        yield from every
        yield from (cell.sentence() for cell in doubts[:SHOWN])
        if len(doubts) > SHOWN:
            yield f"... and {len(doubts) - SHOWN} more; --json has all of them"
        if proof:
            yield f"{proof.card}: {', '.join(f'{n} {state}' for state, n in proof.counts.items())}"
        yield f"{len(checked)} artifacts checked, {len(every)} problems"

    return Outcome(payload, [*lines()], 3 if every or doubts else 0)


def evidence(target: str, out: str) -> Outcome:
    """Write the bundle that proves a card where its store is not."""
    from komainu.proof import bundle

    here = settings.load()
    store = Store(here.root)
    card = card_of(store, target)
    listed = bundle.write(store, card, Path(out), here)
    payload = {"card": card.ref, "out": out, "files": len(listed["files"]), "seal": listed["seal"]}
    return Outcome(payload, [f"{out}: {len(listed['files'])} files about {card.ref}", f"seal {listed['seal']}"])
