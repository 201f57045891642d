"""Votes measured: who wins and whether that can be said, and which judges prefer what people prefer."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from komainu.cli_panel import lines
from komainu.eval.panel.marks import Mark, sheet
from komainu.eval.panel.position import Duel, Side
from komainu.eval.panel.preferences import preferences, wins
from komainu.eval.panel.reading import read
from komainu.eval.panel.report import Wish, report
from komainu.eval.stats.flips import mcnemar
from komainu.eval.stats.intervals import wilson
from komainu.rows import Message
from komainu.votes import Ballot, Vote, swapped


def votes(outcomes: str, judge: str = "people") -> list[Duel]:
    """A duel a character: a or b wins, a tie, or x where both are bad; which stands first is drawn."""
    found = []
    for n, each in enumerate(outcomes):
        names = ("b", "a") if swapped(0, n) else ("a", "b")
        side: Side = "tie" if each in "tx" else "first" if names[0] == each else "second"
        found.append(Duel(f"i{n}", judge, *names, side, "bench", each == "x"))
    return found


def test_the_winner_is_told_with_an_interval_and_a_test_whichever_stood_first() -> None:
    (row,) = wins(votes("a" * 30 + "b" * 10))
    assert (row["a"], row["b"], row["n"], row["wins_a"], row["wins_b"], row["word"]) == ("a", "b", 40, 30, 10, "better")
    assert row["rate"] == pytest.approx([*wilson(30, 40)], abs=1e-6)
    assert row["p"] == row["p_holm"] == pytest.approx(mcnemar(10, 30), rel=1e-5)
    (turned,) = wins(votes("b" * 30 + "a" * 10))
    assert turned["word"] == "worse" and turned["p"] == row["p"]


def test_few_votes_and_ties_are_not_distinguishable() -> None:
    (row,) = wins(votes("aaab" + "tttt" + "xx"))
    assert row["word"] == "not distinguishable" and (row["ties"], row["bad"]) == (6, 2)
    assert row["rate"][0] == pytest.approx(0.6) and row["rate"][1] < 0.5 < row["rate"][2]
    (row,) = wins(duel._replace(winner=None) for duel in votes("ab"))
    assert row["word"] == "no verdict" and row["missing"] == 2 and row["rate"] is None


def test_an_item_that_is_voted_on_often_counts_once() -> None:
    again = [duel._replace(item="one") for duel in votes("a" * 50)]
    (row,) = wins(again)
    assert row["n"] == 50 and row["items"] == 1 and row["word"] == "not distinguishable"


def test_of_many_pairs_of_models_one_in_twenty_is_not_a_finding() -> None:
    pairs = [
        duel._replace(first=f"{duel.first}{k}", second=f"{duel.second}{k}")
        for k in range(20)
        for duel in votes("aaaaaab")
    ]
    rows = wins(pairs)
    assert len(rows) == 20 and {row["word"] for row in rows} == {"not distinguishable"}
    assert all(row["p"] < 0.1 and row["p_holm"] == 1.0 for row in rows)


def test_a_judge_is_measured_by_the_scores_it_gave_both_answers_and_by_its_own_comparisons() -> None:
    people = votes("ab" * 30 + "tx" * 5)
    table = sheet(marks(people, random.Random(1)))
    twice = votes("a" * 70, "first-lover")
    twice += [duel._replace(first=duel.second, second=duel.first) for duel in twice]  # in both orders the same side
    rows = {row["judge"]: row for row in preferences([*people, *twice], table, "people", "0")}
    good, wild, lover = rows["good"], rows["wild"], rows["first-lover"]
    assert good["n"] == 70 and good["exact"]["value"] == 1.0 and good["qwk"]["value"] == 1.0
    assert good["decided"] == 60 and good["share"][0] == 1.0 and good["p"] < 1e-6
    assert wild["share"][1] < 0.5 < wild["share"][2] and wild["p"] > 0.05 and abs(wild["qwk"]["value"]) < 0.3
    assert lover["exact"]["value"] == pytest.approx(10 / 70) and lover["decided"] == 0 and lover["p"] is None


def marks(people: list[Duel], rng: random.Random) -> Iterator[Mark]:
    """A judge that scores as people vote, and one that scores as it likes; and an item that nobody voted on."""
    for duel in people:
        better = {"first": duel.first, "second": duel.second}.get(duel.winner or "", "")
        for model in ("a", "b"):
            yield Mark(model, duel.item, "good", 8.0 if model == better else 5.0, bench="bench")
            yield Mark(model, duel.item, "wild", rng.uniform(0, 10), bench="bench")
    yield from (Mark(model, "unseen", "good", 3.0, bench="bench") for model in ("a", "b"))


def test_a_file_of_votes_is_a_source_of_the_panel_and_people_are_its_gold(tmp_path: Path) -> None:
    box = Ballot(tmp_path / "votes.jsonl")
    people = votes("ab" * 10 + "tx")
    for duel in people:
        winner = "bad" if duel.bad else duel.winner
        assert winner is not None
        asked = (Message("user", duel.item),)
        box.add(Vote(duel.item, duel.first, duel.second, winner, asked, (duel.first, duel.second), "bench"))
    with box.path.open("ab") as file:
        file.write(b'{"id":"vote-')
    found = read(box.path)
    assert found.duels == people and found.torn == 1 and found.marks == []
    told = report(sheet(marks(people, random.Random(1))), found.duels, Wish(gold="people"))
    assert told["gold"] is None and {row["judge"] for row in told["preferences"]} == {"good", "wild"}
    said = "\n".join(lines({**told, "torn": found.torn}))
    assert "wins     people: a against b: 10 to 10, ties 2, both bad 1: 0.500 [" in said
    assert "p 1.0: not distinguishable" in said and "prefers  good as people: n 22; exact 1.000" in said
    assert "torn     1 votes" in said and json.dumps(told)
    alone = report(None, found.duels, Wish())
    assert "preferences" not in alone and alone["wins"][0]["word"] == "not distinguishable"
    wish = replace(Wish(), gold="anna")
    assert "preferences" not in report(None, [d._replace(judge="bob") for d in found.duels], wish)
