"""The list of artifacts, the page of one, and trainings, as they are served."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from bench.studio import fill
from komainu.cluster.queue import Seen
from komainu.store import Artifact, Store
from komainu.studio.artifact import summed
from komainu.studio.graph import MOST, around, drawn
from tests.core_fakes import Source
from tests.core_fakes import context as plain
from tests.studio.stores import TUNED, family, metrics, training
from tests.studio.world import served, studio_of


def links(text: str, start: str = "/artifact/") -> list[str]:
    found = re.findall(r'href="([^"]*)"', text)
    return [link for link in map(unescape, found) if link.startswith(start) and "lang=" not in link]


def get(root: Path, path: str, **fields: object) -> str:
    with served(studio_of(root, **fields)) as client:
        found = client.ask(path)
        assert found.status == 200, found.text
        return found.text


def test_an_empty_store_says_so_and_what_to_do(tmp_path: Path) -> None:
    text = get(tmp_path / "none", "/")
    assert "Nothing has been built here yet" in text and "komainu run" in text and "<table" not in text
    assert not (tmp_path / "none").exists()


def test_the_list_shows_each_artifact_once_with_its_names_and_rows(tmp_path: Path) -> None:
    store, stage = family(tmp_path)
    text = get(tmp_path, "/")
    assert sorted(links(text)) == sorted(f"/artifact/{a.ref}" for a in store.ls())
    row = text.partition(f'href="/artifact/{stage.place}"')[2].partition("</tr>")[0]
    assert ">family<" in row and ">7<" in row and "built" in row


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("many") / "store"
    fill(root, 250)
    return root


@pytest.mark.parametrize(
    ("query", "count"), [("", 250), ("stage=sft", 50), ("q=family", 3), ("q=SEED%3D4+family", 1), ("state=named", 3)]
)
def test_the_list_can_be_narrowed(many: Path, query: str, count: int) -> None:
    text = get(many, f"/?{query}")
    assert f"{count} of 250 artifacts" in text and len(links(text)) == min(count, 100)


def test_the_pages_of_the_list_hold_every_artifact_once_newest_first(many: Path) -> None:
    with served(studio_of(many)) as client:
        found = [link for page in (0, 1, 2, 99) for link in links(client.ask(f"/?page={page}").text)]
    last = max(Store(many).ls(), key=lambda a: a.record["started"])
    assert found[0] == f"/artifact/{last.ref}" and len(set(found)) == 250 and found[200:250] == found[250:]


def test_a_damaged_record_does_not_hide_the_rest(tmp_path: Path) -> None:
    _, stage = family(tmp_path)
    (tmp_path / stage.place / "record.json").write_text('{"id": "x"')
    with served(studio_of(tmp_path)) as client:
        assert "record damaged" in client.ask("/").text and len(links(client.ask("/").text)) == 3
        found = client.ask(f"/artifact/{stage.place}")
    assert found.status == 400 and "is damaged" in found.text


def test_a_build_that_goes_on_tells_how_far_it_is(tmp_path: Path) -> None:
    with training(tmp_path), served(studio_of(tmp_path)) as client:
        for path in ("/", f"/artifact/{TUNED}"):
            text = client.ask(path).text
            assert ">4 of 10<" in text and ">12 s<" in text and ">0.5<" in text and "being built" in text
            assert 'max="10" value="4"' in text and "data-live" in text
    text = get(tmp_path, f"/artifact/{TUNED}")
    assert "unfinished" in text and "run its recipe again" in text


def test_a_build_that_trains_nothing_tells_it_too(tmp_path: Path) -> None:
    with training(tmp_path, steps=0), served(studio_of(tmp_path)) as client:
        work = tmp_path / TUNED / ".work"
        (work / "metrics.jsonl").unlink()
        (work / "progress.json").write_text('{"what": "Ask", "done": 30, "total": 40, "seconds_left": 12}\n')
        text = client.ask("/").text
    assert ">30 of 40<" in text and 'max="40" value="30"' in text and ">12 s<" in text


def test_the_page_of_an_artifact_has_its_record_and_both_sides(tmp_path: Path) -> None:
    store, stage = family(tmp_path)
    source = stage.parts[0]
    with served(studio_of(tmp_path)) as client:
        text = client.ask(f"/artifact/{stage.place}").text
        assert {f"/artifact/{each.place}" for each in stage.parts} <= {*links(text)}
        assert "<h1>family</h1>" in text and "rows.jsonl" in text
        assert f"/artifact/{stage.place}" in links(client.ask(f"/artifact/{source.place}").text)
        record = client.ask(links(text, "/record/")[0])
    assert json.loads(record.text) == store.resolve("family").record
    assert record.headers["content-type"].startswith("text/plain")


def test_what_is_made_later_is_seen(tmp_path: Path) -> None:
    _, stage = family(tmp_path)
    source = Source(n=3)
    with served(studio_of(tmp_path)) as client:
        assert len(links(client.ask(f"/artifact/{source.place}").text)) == 2  # in the drawing, and in the list
        ctx, again = plain(tmp_path), type(stage)(parts=(source,))
        ctx.store.build(again, ctx)
        assert f"/artifact/{again.place}" in links(client.ask(f"/artifact/{source.place}").text)


def told_of(root: Path, change: Callable[[dict[str, Any]], None]) -> str:
    """The page of an artifact whose record has been changed."""
    _, stage = family(root)
    path = root / stage.place / "record.json"
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))
    return get(root, f"/artifact/{stage.place}")


def test_changed_code_is_told(tmp_path: Path) -> None:
    text = told_of(tmp_path, lambda record: record["sources"].update({"komainu.files": "0" * 12}))
    assert "Code that has changed since: komainu.files" in text


def test_much_changed_code_is_counted_and_folded_away(tmp_path: Path) -> None:
    text = told_of(tmp_path, lambda record: record.update(sources={f"komainu.part{i}": "0" * 12 for i in range(9)}))
    assert "Code that has changed since: 9 modules</summary>" in text and "komainu.part8" in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [(5.471956564218931, "5.47196"), (0.00012345678, "0.000123457"), (12345678.9, "12345678.9"), (3, "3")],
    ids=["a loss", "a small number", "a large number", "a whole number"],
)
def test_a_number_of_a_summary_is_told_in_six_digits(value: float, shown: str) -> None:
    assert summed(value) == shown


@pytest.mark.parametrize(
    "path",
    [
        "join/ffffffffffff",
        "join/..",
        "../join",
        "names/family",
        "names/cafe",
        "%2e%2e/0123",
        ".locks/0123",
        "join/%2e%2e%2fx",
        "join/0/1",
    ],
)
def test_what_is_no_artifact_is_not_there(tmp_path: Path, path: str) -> None:
    store, stage = family(tmp_path)
    store.name("cafe", stage)
    with served(studio_of(tmp_path)) as client:
        for kind in ("artifact", "record", "board"):
            assert client.ask(f"/{kind}/{path}").status == 404


def test_a_value_of_a_megabyte_is_cut(tmp_path: Path) -> None:
    text = told_of(tmp_path, lambda record: record["summary"].update(said="x<" * 500_000))
    assert len(text) < 200_000 and "x&lt;" in text


def test_curves_leave_out_what_is_no_number_and_count_it(tmp_path: Path) -> None:
    file = metrics(tmp_path, 3, {"lr": 0.1})
    lines = file.read_text().rpartition("\n")[0]
    file.write_text(f'{lines}\nnot json\n{{"step": "x"}}\n{{"step": 3, "loss": NaN, "lr": 0.2}}\n{{"step": 4, "lo')
    text = get(tmp_path, f"/artifact/{TUNED}")
    assert "2 lines of metrics.jsonl cannot be read" in text
    assert text.count("<polyline") == 2 * 3 and "learning rate" in text
    assert "loss: 2 at the first step, 0.6667 at the last" in text and "<b>0.2</b>" in text


def of(inputs: dict[str, list[str]], target: str) -> tuple[Store, Artifact]:
    """A store that has only inputs to tell."""

    class Told(Store):
        def at(self, ref: str) -> Artifact | None:
            found = {str(i): each for i, each in enumerate(inputs.get(ref, []))}
            record = {"id": ref.partition("/")[2], "stage": ref.partition("/")[0], "inputs": found}
            return Artifact(self.root / ref, record) if ref in inputs else None

    store = Told(Path("there"))
    artifact = store.at(target)
    assert artifact is not None
    return store, artifact


def test_an_input_of_an_input_stands_left_of_it() -> None:
    store, target = of({"c/1": ["a/1", "b/1"], "b/1": ["a/1"], "a/1": []}, "c/1")
    found = around(store, target, ["d/1"])
    assert found.columns == [["a/1"], ["b/1"], ["c/1"], ["d/1"]]
    assert found.edges == [("a/1", "b/1"), ("b/1", "c/1"), ("c/1", "d/1")]


def test_every_input_is_joined_and_no_line_leads_back_or_stays_in_its_column() -> None:
    """As of a report: it takes a card, the card's model, and what that model was trained from."""
    made_of = {"a/1": [], "b/1": ["a/1"], "c/1": ["b/1", "x/1"], "r/1": ["a/1", "b/1", "c/1"]}
    store, target = of(made_of, "r/1")
    (columns, edges) = around(store, target, [])
    assert columns == [["a/1", "b/1", "x/1"], ["c/1"], ["r/1"], []], "direct inputs stand before those of inputs"
    column = {ref: n for n, some in enumerate(columns) for ref in some}
    assert all(column[a] < column[b] for a, b in edges)
    assert {a for a, _ in edges} == {"a/1", "b/1", "c/1", "x/1"} and ("a/1", "r/1") in edges


def test_a_column_that_is_too_long_says_how_many_are_left_out() -> None:
    store, target = of({"c/1": [f"a/{i}" for i in range(50)]}, "c/1")
    svg = drawn(store, target, [], {}, "{n} more")
    assert f"{50 - MOST + 1} more" in svg and svg.count("<a ") == MOST - 1 and svg.count('class="box gone"') == MOST - 1
    assert svg.count('class="edge"') == MOST, "the box that stands for the others is joined too"


def test_the_languages_say_the_same_numbers(many: Path) -> None:
    ja, en = (get_in(many, language) for language in ("ja", "en"))
    assert "成果物 250 件中 250 件" in ja and links(ja) == links(en)


def get_in(root: Path, language: str) -> str:
    with served(studio_of(root)) as client:
        return client.ask("/", {"Accept-Language": language}).text


def test_slurm_is_not_asked_at_every_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def look(job: int) -> Seen:
        asked.append(job)
        return Seen(job, "RUNNING", nodes="node7")

    monkeypatch.setattr("komainu.cluster.slurm.look", look)
    work = metrics(tmp_path, 4).parent
    (work / "job.json").write_text('{"job": 7}')
    with served(studio_of(tmp_path)) as client:
        for path in ("/", "/", f"/artifact/{TUNED}"):
            assert "Slurm job 7 running on node7" in client.ask(path).text
    assert asked == [7]
