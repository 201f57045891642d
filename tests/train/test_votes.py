"""Preference training on a file of votes as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from komainu.data.files import PairFile
from komainu.rows import Pair
from komainu.train.base import Fit
from komainu.train.dpo import DPO
from komainu.train.reference import Reference
from komainu.votes import Ballot, Vote
from tests.train.world import Pairs, base, context


def test_dpo_learns_what_people_preferred_from_the_file_as_it_is(tmp_path: Path) -> None:
    ballot = Ballot(tmp_path / "votes.jsonl")
    for n, row in enumerate(Pairs().rows()):
        assert isinstance(row, Pair)
        left = n % 2 == 0  # the better one stands left every other time; every fifth vote is a tie
        answers = (row.chosen, row.rejected) if left else (row.rejected, row.chosen)
        ballot.add(Vote(row.id, "a", "b", "tie" if n % 5 == 0 else "first" if left else "second", row.prompt, answers))
    data = PairFile(path=str(ballot.path), licence="CC0-1.0")
    fit = Fit(lr=3e-3, global_batch=8, steps=12, schedule="constant")
    stage, ctx = DPO(model=base(), data=data, reference=Reference(model=base(), data=data), fit=fit), context(tmp_path)
    found: dict[str, Any] = ctx.store.build(stage, ctx).summary
    assert found["last_loss"] < 0.8 * found["first_loss"]
    assert ctx.open(data).summary == {"rows": 32, "in": 40, "dropped": {"PairFile": {"tie": 8}}}
