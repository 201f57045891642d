"""Votes: safe once they are acknowledged, one a comparison, and read as preference pairs and as comparisons."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from komainu.data.files import ChatFile, PairFile
from komainu.errors import UsageError
from komainu.files import read_rows
from komainu.layouts import from_row, to_row
from komainu.rows import Message, Pair
from komainu.stage import Stage
from komainu.votes import Ballot, Vote, identity, swapped
from tests.core_fakes import ROOT, context

ASKED = (Message("system", "短く"), Message("user", "犬は?"))


def vote(number: int = 0, winner: Any = "first", **more: Any) -> Vote:
    how: dict[str, Any] = {"prompt": ASKED, "answers": (f"left {number}", "右"), **more}
    return Vote(f"item-{number}", "a", "b", winner, **how)


def ballot(path: Path, *votes: Vote) -> Ballot:
    found = Ballot(path)
    for each in votes:
        assert found.add(each)
    return found


def built(stage: Stage, tmp_path: Path) -> Any:
    ctx = context(tmp_path / "store")
    return ctx.store.build(stage, ctx)


def test_a_file_of_votes_is_dpo_data_and_what_is_no_pair_is_counted_by_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "votes.jsonl"
    blank = vote(5, "second", answers=(" ", "x"))
    ballot(path, vote(0, "tie"), vote(1), vote(2, "second"), vote(3, "bad"), vote(4, "tie"), blank)
    with path.open("ab") as file:
        file.write(b'{"id":"vote-12')
    stage = PairFile(path=str(path), licence="CC0-1.0")
    assert [*stage.check()] == [] and [*stage.problems()] == [] and stage.expected(lambda _: None) == 2
    made = built(stage, tmp_path)
    first, second = made.rows()
    assert isinstance(first, Pair) and first.prompt == ASKED
    assert (first.chosen, first.rejected, second.chosen, second.rejected) == ("left 1", "右", "右", "left 2")
    assert first.meta["extra"]["judge"] == "people" and first.meta["licence"] == "CC0-1.0"
    dropped = {"both bad": 1, "nothing to prefer": 1, "tie": 2, "torn": 1}
    assert made.summary == {"rows": 2, "in": 7, "dropped": {"PairFile": dropped}}


def test_votes_that_prefer_nothing_are_no_data_and_a_broken_line_is_still_an_error(tmp_path: Path) -> None:
    path = tmp_path / "votes.jsonl"
    ballot(path, vote(0, "tie"), vote(1, "bad"))
    (told,) = PairFile(path=str(path), licence="MIT").check()
    assert told.endswith("none of its 2 votes prefers an answer: 1 both bad, 1 tie")
    ballot(path, vote(2))
    with path.open("ab") as file:
        file.write(b'{"id":"vote-12\n')
    assert ["4: not JSON" in told for told in PairFile(path=str(path), licence="MIT").check()] == [True]
    told = next(ChatFile(path=str(path), licence="MIT").check())
    assert "votes.jsonl:1: row vote-" in told and "this vote is no preference pair: tie" in told


def test_a_vote_is_the_same_object_after_it_was_read_as_a_row() -> None:
    obj = json.loads(vote(1, sampler={"temperature": 0.7}, bench="tengu").line())
    assert from_row(to_row(obj, obj["id"]), "trl") == obj
    assert (obj["item"], obj["first"], obj["second"], obj["winner"]) == ("item-1", "a", "b", "first")


def test_a_comparison_is_voted_on_once_whichever_answer_stood_first(tmp_path: Path) -> None:
    path = tmp_path / "votes.jsonl"
    box = ballot(path, vote(1))
    other = Vote("item-1", "b", "a", "first", ASKED, ("右", "left 1"))
    assert not box.add(other) and not Ballot(path).add(other)
    assert (box.cast[other.id].first, box.cast[other.id].winner) == ("a", "first") and path.read_bytes().count(
        b"\n"
    ) == 1
    assert box.add(other._replace(judge="anna")) and box.add(other._replace(answers=("右", "left 2")))


def test_two_processes_add_to_one_file(tmp_path: Path) -> None:
    one, two = Ballot(tmp_path / "v.jsonl"), Ballot(tmp_path / "v.jsonl")
    assert one.add(vote(1)) and two.add(vote(2)) and one.add(vote(3)) and not two.add(vote(1))
    assert len(one.cast) == 3 and len(two.cast) == 3


def test_what_another_process_adds_in_the_last_moment_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = ballot(tmp_path / "v.jsonl", vote(1))

    def waited(file: int, how: int) -> None:
        """The lock, for which another process was waited that wrote."""
        os.write(file, vote(2).line())

    monkeypatch.setattr("komainu.votes.fcntl.flock", waited)
    assert not box.add(vote(2)) and box.path.read_bytes() == vote(1).line() + vote(2).line()


@given(cut=st.integers(1, 400))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_torn_end_is_cut_off_and_counted_and_no_whole_vote_is_lost(tmp_path: Path, cut: int) -> None:
    path, line = tmp_path / f"{cut}.jsonl", vote(2).line()
    path.write_bytes(vote(1).line() + line[:cut])
    box = Ballot(path)
    whole = cut >= len(line) - 1  # the line's end alone may lack
    assert box.torn == (not whole) and len(box.cast) == 1 + whole
    assert box.add(vote(3))
    assert path.read_bytes() == vote(1).line() + (line if whole else b"") + vote(3).line()


@pytest.mark.parametrize("text", ["a b c", '{"prompt": [], "chosen": [], "rejected": []}\n', "[1]\n", '{"id":"x"'])
def test_a_file_that_holds_something_else_is_refused_and_left_as_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.jsonl").write_text(text)
    with pytest.raises(UsageError, match=r"x\.jsonl(:1)?: .*(this is no|expected an object)"):
        Ballot(tmp_path / "x.jsonl")
    assert (tmp_path / "x.jsonl").read_text() == text
    with pytest.raises(UsageError, match="is a directory"):
        Ballot(tmp_path)
    with pytest.raises(UsageError, match="no such file or directory"):
        Ballot(tmp_path / "nowhere" / "v.jsonl").add(vote())
    with pytest.raises(UsageError, match="holds text that is no valid Unicode"):
        Ballot(tmp_path / "v.jsonl").add(vote(answers=("\ud800", "x")))


def test_votes_that_were_acknowledged_outlive_their_processes_and_none_stands_twice(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.test_votes import Ballot, vote\n"
        "box = Ballot(Path(sys.argv[1]))\n"
        "for n in range(int(sys.argv[2]), 10**6): box.add(vote(n)); print(n, flush=True)"
    )
    path, last = tmp_path / "v.jsonl", -1
    for _ in range(2):
        words = [sys.executable, "-c", code, str(path), str(last + 1)]
        both = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        for process in both:
            assert process.stdout is not None
            for _ in range(20):
                last = max(last, int(process.stdout.readline()))
        for process in both:
            os.kill(process.pid, signal.SIGKILL)
            last = max([last, *map(int, process.communicate()[0].split())])
        kept = {each.id for each in map(vote, range(last + 1))}
        box = Ballot(path)
        assert kept <= box.cast.keys() and len(box.cast) == path.read_bytes().count(b"\n")
    stage = PairFile(path=str(path), licence="MIT")
    assert [*stage.check()] == [] and len([*read_rows(built(stage, tmp_path).path / "rows.jsonl")]) > last


def test_the_order_is_drawn_from_the_seed_and_the_number_and_favours_nobody() -> None:
    drawn = [swapped(0, n) for n in range(1000)]
    assert drawn == [swapped(0, n) for n in range(1000)] and drawn != [swapped(1, n) for n in range(1000)]
    assert 450 < sum(drawn) < 550
    assert identity("people", "", "i", {"a": "x", "b": "y"}) == identity("people", "", "i", {"b": "y", "a": "x"})
