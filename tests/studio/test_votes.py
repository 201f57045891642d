"""Blind votes in the studio: nothing tells which is which, a vote is kept at once, and only forms of ours vote."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from komainu.cli_panel import gathered
from komainu.data.files import PairFile
from komainu.eval.panel.marks import sheet
from komainu.eval.panel.reading import read
from komainu.eval.panel.report import Wish, report
from komainu.store import Store
from komainu.votes import swapped
from tests.eval.view_world import JUDGES, NAMES
from tests.studio.stores import hostile
from tests.studio.world import Client, served, studio_of

COLUMN = 0  # scored by rule
MARKS = 2  # by judges, of whom one gives no verdict


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, str]:
    return hostile(tmp_path_factory.mktemp("votes"), n=24)


def field(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found, text
    return unescape(found[1])


def skip(text: str) -> str:
    found = re.search(r'href="([^"]*)" data-key="n"', text)
    assert found, text
    return unescape(found[1])


def answers(text: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'<article.*?<p class="(?:said|empty)"[^>]*>(.*?)</p>', text, re.S)]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def voted(client: Client, path: str, winner: str) -> str:
    """Vote on what a page shows; the page that comes then."""
    shown = client.ask(path)
    assert shown.status == 200, shown.text
    done = client.send(path, {"pair": field(shown.text, "pair"), "winner": winner})
    assert done.status == 303, done.text
    return client.ask(done.headers["location"]).text


def test_each_pair_is_shown_blind_until_it_has_a_vote_and_what_is_kept_is_what_was_seen(
    store: tuple[Store, str], tmp_path: Path
) -> None:
    root, ref = store[0].root, store[1]
    path = f"/vote/{ref}/{COLUMN}?a=0&b=1"
    with served(studio_of(root, write=True, votes=tmp_path / "votes.jsonl")) as client:
        seen, keys = [], "lrtb"
        text = client.ask(path).text
        while 'name="pair"' in text:
            seen.append((field(text, "pair"), answers(text)))
            assert not re.search(r"<article[^>]*>.*?(base|better)<", text, re.S)  # no name by an answer
            text = voted(client, path, keys[len(seen) % 4])
        assert "has a vote" in text and f"{len(seen)} of {len(seen)} voted" in text
        assert "What the votes say" in text and "Win rate" not in text
        assert "Win rate of base" in client.ask(f"{path}&told=1").text
        assert 'name="pair"' in client.ask(path.replace("b=1", "b=2")).text  # of another model
    kept = lines(tmp_path / "votes.jsonl")
    assert [vote["id"] for vote in kept] == [id for id, _ in seen] and len({*dict(seen)}) == len(seen) > 5
    for (id, texts), vote in zip(seen, kept, strict=True):
        first, second = (vote["first"], vote["second"])
        assert (first, second) == ((NAMES[1], NAMES[0]) if swapped(0, id) else (NAMES[0], NAMES[1]))
        if vote["winner"] in ("first", "second"):
            stored = [vote["chosen"], vote["rejected"]][:: 1 if vote["winner"] == "first" else -1]
            assert [len(each[0]["content"]) for each in stored] == [len(text) for text in texts]
    assert {vote["bench"] for vote in kept} == {"exact"} and {vote["winner"] for vote in kept} >= {"tie", "bad"}
    assert len({vote["first"] for vote in kept}) == 2
    assert len(read(tmp_path / "votes.jsonl").duels) == len(kept)
    assert [*PairFile(path=str(tmp_path / "votes.jsonl"), licence="MIT").check()] == []


def test_what_cannot_be_voted_on_is_counted_and_skipping_shows_the_next(
    store: tuple[Store, str], tmp_path: Path
) -> None:
    path = f"/vote/{store[1]}/{COLUMN}?a=0&b=2"
    with served(studio_of(store[0].root, write=True, votes=tmp_path / "v.jsonl")) as client:
        first = client.ask(path).text
        total = re.search(r"0 of (\d+) voted", first)
        left = sum(map(int, re.findall(r"Left out [^:]*: (\d+)", first)))
        assert total and int(total[1]) + left == 12 and left > 0
        seen = [text := first]
        for _ in range(int(total[1]) - 1):
            seen.append(text := client.ask(skip(text)).text)
        assert len({field(text, "pair") for text in seen}) == int(total[1])
        assert field(client.ask(skip(text)).text, "pair") == field(first, "pair")  # and from the beginning
        assert not (tmp_path / "v.jsonl").exists()


@pytest.mark.parametrize("form", [{"winner": "x"}, {"winner": "l", "pair": "vote-0"}, {"winner": ""}])
def test_a_vote_on_nothing_is_refused(store: tuple[Store, str], tmp_path: Path, form: dict[str, str]) -> None:
    path = f"/vote/{store[1]}/{COLUMN}?a=0&b=1"
    with served(studio_of(store[0].root, write=True, votes=tmp_path / "v.jsonl")) as client:
        pair = field(client.ask(path).text, "pair")
        told = client.send(path, {"pair": pair, **form})
        assert told.status == 400 and "no vote on a pair" in told.text and not (tmp_path / "v.jsonl").exists()
        assert client.ask(f"/vote/{store[1]}/99").status == client.ask("/vote/board/0/0").status == 404
        assert client.ask(f"/vote/{store[1]}/{COLUMN}?a=1&b=1").status == 404


def test_without_write_or_from_elsewhere_nobody_votes(store: tuple[Store, str], tmp_path: Path) -> None:
    path, votes = f"/vote/{store[1]}/{COLUMN}?a=0&b=1", tmp_path / "v.jsonl"
    with served(studio_of(store[0].root, write=True, votes=votes)) as client:
        pair = field(client.ask(path).text, "pair")
        fields = {"pair": pair, "winner": "l"}
        assert client.send(path, fields, {"Origin": "http://evil.example"}).status == 403
        assert client.send(path, {**fields, "form_key": "0" * 64}).status == 403
        assert f"/vote/{store[1]}/{COLUMN}" in client.ask(f"/board/{store[1]}/{COLUMN}").text
    with served(studio_of(store[0].root, votes=votes)) as client:
        assert client.send(path, fields).status == 403
        told = client.ask(path)
        assert told.status == 403 and "--write" in told.text and 'name="pair"' not in told.text
        assert "/vote/" not in client.ask(f"/board/{store[1]}/{COLUMN}").text
    assert not votes.exists()


def test_a_vote_that_another_process_adds_counts_at_once(store: tuple[Store, str], tmp_path: Path) -> None:
    path, votes = f"/vote/{store[1]}/{COLUMN}?a=0&b=1", tmp_path / "v.jsonl"
    with served(studio_of(store[0].root, write=True, votes=votes)) as client:
        shown = field(voted(client, path, "l"), "pair")
        line = votes.read_bytes()
        with votes.open("ab") as file:
            file.write(line.replace(field_of(line, "id"), shown.encode()))
        assert field(client.ask(path).text, "pair") != shown and "2 of" in client.ask(path).text


def field_of(line: bytes, key: str) -> bytes:
    return str(json.loads(line)[key]).encode()


def test_judges_of_the_store_are_measured_against_votes_on_the_same_answers(
    store: tuple[Store, str], tmp_path: Path
) -> None:
    path, votes = f"/vote/{store[1]}/{MARKS}?a=0&b=1", tmp_path / "v.jsonl"
    with served(studio_of(store[0].root, write=True, votes=votes)) as client:
        for n in range(8):
            voted(client, path, "lr"[n % 2])
    found = gathered([store[1], str(votes)], store[0], "")
    told = report(sheet(found.marks), found.duels, Wish())
    rows = {row["judge"]: row["n"] for row in told["preferences"]}
    assert rows.keys() == {JUDGES[0].name, JUDGES[1].name} and min(rows.values()) >= 6
