"""Boards, the items of a column, and one item; every text of theirs is hostile."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import NamedTuple

import pytest

from komainu.eval.view.boards import gather, side_by_side
from komainu.eval.view.index import index
from komainu.pages.page import UNSEEN
from komainu.rows import Chat, Score
from komainu.store import Artifact, Store
from komainu.studio.board import called, digits, estimate, text
from komainu.studio.items import FILTERS, column_of
from tests.eval.view_world import HOSTILE, HUGE, NAMES
from tests.studio.stores import TUNED, hostile
from tests.studio.world import Client, served, studio_of

MARKS = 2  # the number of the judged column


class World(NamedTuple):
    client: Client
    board: Artifact

    @property
    def store(self) -> Store:
        return self.client.studio.store

    def at(self, more: str = "") -> str:
        found = self.client.ask(f"/board/{self.board.ref}{more}")
        assert found.status == 200, found.text
        return found.text


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store, ref = hostile(tmp_path_factory.mktemp("hostile"))
    board = store.at(ref)
    assert board is not None
    with served(studio_of(store.root)) as client:
        yield World(client, board)


class Page(HTMLParser):
    """What a page is made of, as a browser reads it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def said(self) -> str:
        return " ".join(" ".join(self.words).split())


def paths(world: World) -> list[str]:
    board = f"/board/{world.board.ref}"
    some = [
        "/",
        "/?q=%3Cscript%3E&stage=%22%3E",
        "/boards",
        board,
        f"{board}?by=3&q=%22onload%3D",
        f"/artifact/{TUNED}",
    ]
    some += [f"{board}/{c}?show={show}&q={q}" for c in (1, MARKS) for show in FILTERS for q in ("", "%3Cx")]
    some += [f"{board}/{c}/{n}?with=0,1,2" for c in (1, MARKS) for n in (0, 2, 3, 7)]
    return some + [f"/artifact/{ref}" for ref in (world.board.ref, *world.board.inputs.values())] + ["/%3Cscript%3E"]


def test_no_text_of_anyone_becomes_markup(world: World) -> None:
    for path in paths(world):
        found = world.client.ask(path)
        page = Page(found.text)
        names = {tag for tag, _ in page.tags}
        assert not names & {"iframe", "object", "base", "img", "style", "embed", "math"}, path
        for tag, attributes in page.tags:
            assert not any(name.startswith("on") or name in ("style", "srcdoc") for name in attributes), (path, tag)
            for name in ("href", "src", "action"):
                link = attributes.get(name) or "/"
                assert link.startswith(("/", "#")) and not link.startswith("//"), (path, link)
            if tag == "script":
                assert (attributes["src"] or "").startswith("/static/")
        assert not UNSEEN.search(found.text), path


def test_every_text_is_there_to_the_letter(world: World) -> None:
    items = world.store.resolve(items_of(world))
    for n, chat in [(n, c) for n, c in enumerate(items.rows()) if isinstance(c, Chat) and c.meta["lang"] == "ja"][:9]:
        page = Page(world.at(f"/0/{n // 2}?with=0"))
        for wanted in (chat.id, chat.prompt[1].content, chat.meta["references"][0], chat.meta["rubric"]):
            assert " ".join(UNSEEN.sub("\ufffd", wanted).split()) in page.said


def items_of(world: World) -> str:
    """The reference of the items that were answered."""
    answers = world.store.resolve(lines(world)[0]["answers"])
    return answers.inputs["items"]


def test_the_board_shows_the_numbers_of_the_board(world: World) -> None:
    boards = gather(world.store, [world.board])
    told = index(boards, side_by_side(boards))
    page = Page(world.at("?by=0"))
    for column in told["columns"]:
        for cell in column["cells"]:
            assert not cell or text(cell[0], column) in page.said
    for name in NAMES:
        assert name in page.said
    first = told["decisions"][0]
    assert (first[7] or "withheld") in Page(world.at(f"?by={first[2]}")).said


def test_an_average_that_is_withheld_is_not_decided_on(world: World) -> None:
    page = Page(world.at())
    decided = page.said.partition("Decisions: Average")[2].partition("Items")[0]
    assert decided.count("withheld") == decided.count("lacks") == 3
    assert "not distinguishable" not in decided and "p 1.000" not in decided


def test_a_board_without_a_name_is_called_by_its_models() -> None:
    assert called(["base", "sft"]) == "base · sft" and called([*"abcdefgh"]) == "a · b · c · d · e · f + 2"


def test_a_share_is_in_per_cent_and_a_mark_is_not() -> None:
    assert text(0.4416, {"top": 1}) == "44.2" and text(3.456, {"top": 5.0}) == "3.46" and text(None, {"top": 1}) == "–"
    assert text(-0.5, {"top": 100}, "+") == "-0.5" and digits({"top": 10}) == 2


ROW = re.compile(r'<tr><th scope="row" class="names">([^<]*)</th>.*?<td class="n">([\d.]+)', re.DOTALL)


@pytest.mark.parametrize(("number", "up"), [(0, True), (1, False)])
def test_the_best_model_stands_first(world: World, number: int, up: bool) -> None:
    means = [float(mean) for _, mean in ROW.findall(world.at(f"?by={number}"))]
    assert len({*means}) > 1 and means == sorted(means, reverse=up)


def test_models_are_found_by_name(world: World) -> None:
    assert [name for name, _ in ROW.findall(world.at("?by=0&q=WORSE"))] == [NAMES[2]]


@pytest.mark.parametrize("show", ["", *FILTERS])
def test_a_filter_keeps_what_it_says(world: World, show: str) -> None:
    column = column_of(world.store, world.board.ref, MARKS)
    page = Page(world.at(f"/{MARKS}?a=0&b=1&show={show}"))
    count = int(re.findall(r"(\d+) of 12 items", page.said)[0])
    gains = [column.gain(n, 0, 1) or 0.0 for n in range(len(column.at))]
    kept = {
        "": 12,
        "worse": sum(gain < 0 for gain in gains),
        "better": sum(gain > 0 for gain in gains),
        "judges": sum(bool(column.disagreed(n)) for n in range(12)),
        "models": sum(bool(column.apart(n)) for n in range(12)),
        "lacking": len(column.lacking),
        "ruled": len(column.ruled),
    }
    assert count == kept[show]


@pytest.mark.parametrize(("number", "up"), [(MARKS, True), (1, False)])
def test_better_means_more_where_higher_is_better_and_less_where_it_is_not(world: World, number: int, up: bool) -> None:
    rows = world.at(f"/{number}?a=0&b=1&show=better").split('class="about"')[1:]
    found = [tuple(map(float, re.findall(r'<td class="n">([\d.]+)</td>', row)[:2])) for row in rows]
    gains = [b - a if up else a - b for a, b in found]
    assert gains and min(gains) > 0 and gains == sorted(gains, reverse=True)


def test_a_column_tells_both_means_and_what_was_decided_between_them(world: World) -> None:
    boards = gather(world.store, [world.board])
    told = index(boards, side_by_side(boards))
    first, second, number, *_, word, _ = next(d for d in told["decisions"] if "bench" in told["columns"][d[2]])
    column = told["columns"][number]
    for ends in ((first, second), (second, first)):
        said = Page(world.at(f"/{number}?a={ends[0]}&b={ends[1]}")).said
        assert f"{told['entries'][first]} → {told['entries'][second]} {word or 'withheld'}" in said
        assert all(estimate(column["cells"][entry], column) in said for entry in ends)


def test_an_item_has_every_verdict_with_judge_value_and_reason(world: World) -> None:
    column = column_of(world.store, world.board.ref, MARKS)
    n = next(n for n in range(len(column.at)) if n not in column.ruled)
    id = [*column.items][column.at[n]]
    page = Page(world.at(f"/{MARKS}/{n}?with=0"))
    line = next(r for r in lines(world) if r["entry"] == NAMES[0] and r["bench"] == "marks")
    scores = world.store.at(line["scores"])
    assert scores is not None
    found = [s for s in scores.rows() if isinstance(s, Score) and s.id == id and s.metric == "score"]
    assert len(found) == 3
    for score in found:
        value = "missing" if score.value is None else f"{score.value:g}"
        assert f"{value} by {score.by}" in page.said
        assert " ".join(UNSEEN.sub("\ufffd", score.why).split()) in page.said


def lines(world: World) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads((world.board.path / "board.json").read_bytes())["rows"]
    return found


def test_j_and_k_go_through_the_items_in_the_order_of_the_list(world: World) -> None:
    seen: list[str] = []
    link = world.at(f"/{MARKS}?show=models")
    path = re.findall(r'class="about"><a href="([^"]*)"', link)[0].replace("&amp;", "&")
    while path and len(seen) < 20:
        seen.append(path)
        text = world.client.ask(path).text
        path = "".join(re.findall(r'data-key="j" href="([^"]*)"', text)).replace("&amp;", "&")
    assert len({*seen}) == len(seen) == len(re.findall('class="about"', link))


def test_a_huge_answer_is_whole_and_a_thousand_models_are_no_question(world: World) -> None:
    column = column_of(world.store, world.board.ref, 0)
    n = next(n for n, i in enumerate(column.at) if [*column.items][i].startswith("6 "))
    text = world.at(f"/0/{n}?with=0,9999999999,x,-1")
    whole = text.partition("<article")[2].partition('class="verdict')[0]
    assert whole.count("寿") == HUGE.count("寿") and "more characters" in whole


@pytest.mark.parametrize("more", ["/99", "/0/999", "/99999999999999999999/0", "/0/0/0"])
def test_a_column_or_item_that_is_not_there_is_not_found(world: World, more: str) -> None:
    assert world.client.ask(f"/board/{world.board.ref}{more}").status == 404


def test_what_is_no_board_says_so(world: World) -> None:
    found = world.client.ask(f"/board/{items_of(world)}")
    assert found.status == 400 and "neither a board nor scores" in found.text


def test_hostile_names_find_their_artifact(world: World) -> None:
    said = Page(world.client.ask("/?state=named").text).said
    assert all(UNSEEN.sub("\ufffd", name) in said for name in HOSTILE[:8:4])
