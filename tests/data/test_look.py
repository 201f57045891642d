"""The data of a site of rows: every row and every drop is there, with what it was, and the search misses none."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from komainu.data.base import Dataset, drops
from komainu.data.look import grams as grams_module
from komainu.data.look import site as site_module
from komainu.data.look.earlier import changed, texts
from komainu.data.look.entry import excerpt_of, normal, searched
from komainu.data.look.grams import BITS, LETTERS, Grams, buckets, distinct, posted
from komainu.data.look.site import write_site
from komainu.data.look.sources import filed, stored
from komainu.data.near_dup import Near
from komainu.errors import UsageError
from komainu.pages.scripts import read
from komainu.rows import Chat, Message, Pair
from tests.data.fakes import chat, context, source
from tests.data.look_world import ITEM, LEAK, MAIL, SPEECH, Site, built, built_pairs

VALUE = {letter: n for n, letter in enumerate(LETTERS.tobytes().decode())}
WORDS = st.text(st.sampled_from("aＡｂ駅は\U0001f468ς \n"), min_size=2, max_size=12) | st.text(min_size=2, max_size=8)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return built(tmp_path_factory.mktemp("look"))


def data(folder: Path, key: str) -> Any:
    found, value = read(folder / "data" / f"{key}.js")
    assert found == key
    return value


def series(folder: Path, key: str) -> list[Any]:
    files = sorted((folder / "data").glob(f"{key}-*.js"), key=lambda path: int(path.stem.rpartition("-")[2]))
    return [value for file in files for value in read(file)[1]]


def page(site: Site, id: str) -> dict[str, Any]:
    (found,) = (each for each in series(site.folder, "r") if each["id"] == id)
    assert isinstance(found, dict)
    return found


def plain(pieces: list[Any]) -> str:
    return "".join(piece if isinstance(piece, str) else piece[0] for piece in pieces)


def test_every_row_and_every_drop_is_there_once_and_in_order(site: Site) -> None:
    pages = series(site.folder, "r")
    lost = [*drops(site.artifact)]
    kept = [row for row in site.artifact.rows() if isinstance(row, Chat)]
    assert [each["id"] for each in pages] == [row.id for row in (*kept, *(drop.row for drop in lost))]
    assert [each.get("drop") for each in pages] == [None] * len(kept) + [[d.step, d.reason] for d in lost]
    for row, each in zip(kept, pages, strict=False):
        said = [(role, plain(text)) for role, text, *_ in each["turns"]]
        assert said == [(r, t.rpartition("</think>")[2]) for r, t in texts(row)]
    assert [head[0] for head in series(site.folder, "h")] == [each["id"] for each in pages]
    assert site.counts[:2] == (len(kept), len(lost)) and site.artifact.summary["in"] == len(pages)


def test_the_first_page_has_the_flow_and_every_reason_of_the_summary(site: Site) -> None:
    told, summary = data(site.folder, "set"), site.artifact.summary
    assert told["steps"] == [[s["step"], s["in"], s["out"]] for s in summary["steps"]]
    assert {(step, word): n for step, word, n in told["drops"]} == {
        (step, word): n for step, some in summary["dropped"].items() for word, n in some.items()
    }
    assert sum(row[3] for row in told["table"]) == summary["rows"] and sum(row[4] for row in told["table"]) == 5
    assert dict(told["notes"]) == summary["notes"]
    assert told["upstream"][0][0] == site.artifact.ref and len(told["upstream"]) == 3


def test_a_row_that_a_step_changed_has_what_it_was(site: Site) -> None:
    masked, asked_again = page(site, "mail"), page(site, "again")
    assert masked["before"]["turns"][1] == ["assistant", f"{MAIL} までお願いします。"]
    assert MAIL not in json.dumps(masked["turns"], ensure_ascii=False)
    assert asked_again["before"]["turns"][1][1] == "bad な川です。"
    assert "before" not in page(site, "speech") and site.counts.changed == 3
    assert ["replaced", '[\n "no: it says bad"\n]'] in asked_again["notes"]
    assert asked_again["from"][0][0] == "again" and asked_again["from"][1][0].startswith("call:")


def test_duplicates_stand_with_the_row_that_stays_and_a_benchmarks_item_with_its_text(site: Site) -> None:
    ids = [each["id"] for each in series(site.folder, "r")]
    found = [
        (each["id"], each["step"], ids[each["row"]], [ids[n] for n, _ in each["of"]])
        for each in data(site.folder, "clusters")
    ]
    assert found == [("speech", "Near", "speech", ["speech-2", "speech-3"]), ("twin", "Exact", "twin", ["twin-again"])]
    item = page(site, "item")["item"]
    assert item["id"] == "q7" and item["text"] == ITEM and item["passage"] and item["coverage"] == 1


def test_a_row_that_stays_in_another_set_is_shown_from_there(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    held = source(chat("known", "町の朝を話して。", SPEECH))
    rows = source(chat("known", "川は？", "西です。"), chat("twin", "町の朝を話して。", SPEECH))
    stage = Dataset(sources=(rows,), steps=(Near(against=(held,)),))
    write_site(stored(ctx.store, ctx.store.build(stage, ctx), "x"), tmp_path / "site")
    (found,) = data(tmp_path / "site", "clusters")
    assert found["row"] is None and found["inside"] == held.label and found["turns"][1] == ["assistant", [SPEECH], ""]


def test_leaks_are_marked_in_answers_and_counted(site: Site) -> None:
    turns = series(site.folder, "r")[0]["turns"]
    assert turns[2][1][1] == ["station", "latin"] and plain(turns[2][1]).startswith(LEAK)
    leaks = data(site.folder, "columns")["numbers"]["leaks"]
    assert sum(n > 0 for n in leaks) == site.counts.with_leaks == 25


def test_the_report_alone_reads_a_teachers_labels(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    artifact = ctx.store.build(source(chat("a", "q", "r", hidden={"fault": "planted-label"})), ctx)
    write_site(stored(ctx.store, artifact, "x"), tmp_path / "site")
    assert not any("planted-label" in path.read_text() for path in (tmp_path / "site").rglob("*.js"))


def test_equal_sets_give_equal_bytes_and_what_fails_leaves_the_older_site(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = tmp_path / "again"
    source_ = stored(site.ctx.store, site.artifact, "every text is hostile")
    write_site(source_, again)
    files = {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()}
    assert files == {p.relative_to(site.folder): p.read_bytes() for p in site.folder.rglob("*") if p.is_file()}

    def fails(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(site_module, "overview", fails)
    with pytest.raises(KeyboardInterrupt):
        write_site(source_, again)
    assert files == {path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()}


def test_files_are_looked_at_like_a_set_and_broken_objects_are_drops(tmp_path: Path) -> None:
    rows = [{"prompt": "川は？", "chosen": "西です。", "rejected": "東です。"}, {"x": 1}]
    (tmp_path / "one.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n{\n")
    (tmp_path / "two.jsonl").write_text(json.dumps({"messages": [{"role": "user", "content": "犬"}]}))
    counts = write_site(filed(f"{tmp_path}/*.jsonl"), tmp_path / "site")
    assert counts[:2] == (2, 2)
    assert data(tmp_path / "site", "set")["drops"] == [["reading", "schema", 2]]
    assert write_site(filed(f"{tmp_path}/*.jsonl[1:3]"), tmp_path / "site")[:2] == (0, 2)
    with pytest.raises(UsageError, match="no rows to look at"):
        write_site(filed(f"{tmp_path}/*.jsonl[9:]"), tmp_path / "site")


def test_both_answers_of_a_pair_are_there(tmp_path: Path) -> None:
    made = built_pairs(tmp_path)
    turns = series(made.folder, "r")[0]["turns"]
    assert [turn[0] for turn in turns] == ["user", "chosen", "rejected"]
    assert plain(turns[1][1]).startswith("町の朝は早く") and ["station", "latin"] in turns[2][1]


def test_what_makes_no_rows_is_refused(site: Site, tmp_path: Path) -> None:
    record = {**site.artifact.record, "makes": "Weights"}
    with pytest.raises(UsageError, match="no chats or pairs to look at; it was made from rows/"):
        stored(site.ctx.store, type(site.artifact)(site.artifact.path, record), "x")


def may(texts: list[str], wanted: str, bits: int) -> set[int]:
    """The rows that an index leaves for a text, as the page finds them."""
    index = posted([buckets_of(text) for text in texts], bits)
    found = set(range(len(texts)))
    for bucket in {int(each) >> (BITS - bits) for each in buckets(wanted)}:
        row, value, shift, rows = -1, 0, 0, set()
        for letter in index[bucket]:
            value, shift = value | (VALUE[letter] & 31) << shift, shift + 5
            if VALUE[letter] < 32:
                row, value, shift = row + value + 1, 0, 0
                rows.add(row)
        found &= rows
    return found


def buckets_of(text: str) -> Any:
    return distinct(np.sort(buckets(text)))


@example(" " * 9)
@given(st.text(st.sampled_from(" \t\n\u3000\xa0\u2028\u3099aＡがｶﾞﾞςΣİ…\ud800ᄀ") | st.characters()))
def test_texts_are_made_alike_as_the_page_does_it(text: str) -> None:
    composed = unicodedata.normalize("NFKC", text).lower().replace("ς", "σ")
    assert normal(text) == re.sub("[ \t\n\r\f\v\u1680\u2028\u2029]+", " ", composed)


@given(st.lists(WORDS, min_size=1, max_size=40), st.data())
def test_the_index_leaves_every_row_that_has_a_text(texts: list[str], draw: st.DataObject) -> None:
    held = [normal(text) for text in texts]
    whole = draw.draw(st.sampled_from([text for text in held if len(text) > 1] or ["ab"]))
    start = draw.draw(st.integers(0, max(0, len(whole) - 2)))
    wanted = whole[start : start + draw.draw(st.integers(2, 6))]
    for bits in (6, 11):
        assert {n for n, text in enumerate(held) if wanted in text} <= may(held, wanted, bits)


def test_the_index_tells_rows_apart_and_gaps_of_any_size_come_back() -> None:
    texts = ["zz"] + ["ab"] * 40 + ["zz"] + ["ab"] * 2000 + ["zz"]
    assert may(texts, "zz", BITS) == {0, 41, 2042} and len(may(texts, "ab", BITS)) == 2040
    assert Counter(map(len, posted([buckets_of(t) for t in texts], BITS)))[6] == 1  # 1, 2 and 3 letters


def test_many_rows_have_several_indexes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grams_module, "SEGMENT", 8)
    grams = Grams(tmp_path, "g")
    for _ in range(8 + 3):
        grams.add("ab")
    first, second = grams.done()
    assert [first["first"], first["rows"], second["first"], second["rows"]] == [0, 8, 8, 3]
    told = [value for at in range(len(second["starts"])) for value in read(tmp_path / f"g1-{at}.js")[1]]
    assert sorted(told)[-1] == "000" and len(told) == 1 << second["bits"]


def test_a_search_goes_over_width_case_and_spaces_and_the_id() -> None:
    row = chat("Row Ａ", "改行\n\u3000あり", "ＷＩＤＥ ﾊﾝｶｸ")
    assert searched(row) == "row a\n改行 あり\nwide ハンカク"


def test_what_counts_as_changed() -> None:
    prompt, answered = chat("a", "q"), chat("a", "q", "r")
    assert not changed(prompt, answered) and not changed(answered, answered)
    assert changed(answered, chat("a", "q", "s")) and changed(answered, prompt)
    pair = Pair("a", (Message("user", "q"),), "c", "r")
    assert changed(pair, Pair("a", pair.prompt, "d", "r")) and not changed(answered, pair)
    assert excerpt_of(Chat("a", (Message("system", "s"), Message("user", " long\n text ")))) == "long text"
