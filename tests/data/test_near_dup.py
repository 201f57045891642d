"""Near drops what is nearly the same as a row that stays; every drop is verified."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.data.base import Note
from komainu.data.keys import key_of
from komainu.data.minhash import Index
from komainu.data.near_dup import Near, Opened
from komainu.data.prepared import Verdict
from komainu.errors import UsageError
from komainu.rows import Chat, Score
from komainu.stage import Stage
from tests.data.fakes import chat, context, meta, source, through

WORDS = re.findall(
    r"\S+", "犬 猫 学校 電車 昨日 本 食べる 走る 大きい 赤い 東京 母 音楽 海 雨 write about the river slowly"
)

ENGLISH = "She walked along the river in the morning and wrote a letter to her old friend about the slow boats there"


def texts(n: int, length: int, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choice(WORDS) for _ in range(length)) for _ in range(n)]


def edited(text: str, edits: int, rng: random.Random) -> str:
    chars = list(text)
    for place in rng.sample(range(len(chars)), edits):
        chars[place] = rng.choice("あいうえお")
    return "".join(chars)


def settled(step: Near, windows: Sequence[Sequence[Chat]]) -> list[list[Verdict | None]]:
    """The verdicts on rows cut into these windows."""
    made = step.settle(iter([step.prepare(rows, None) for rows in windows if rows]), Opened(Path("."), ()))
    return [verdicts for verdicts in made if not isinstance(verdicts, Note)]


def shingles(text: str, ngram: int) -> set[str]:
    return {text[i : i + ngram] for i in range(max(len(text) - ngram + 1, 1))}


def jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)


@dataclass(frozen=True, kw_only=True)
class Scored(Stage):
    makes = Score


def test_the_first_row_stays_and_the_dropped_one_names_it_with_the_similarity(tmp_path: Path) -> None:
    text = texts(1, 40)[0]
    rows = [chat("a", text), chat("b", text[:-1] + "よ"), chat("c", texts(1, 40, seed=1)[0])]
    kept, dropped, summary = through(context(tmp_path), rows, Near(on="prompt"))
    assert kept == [rows[0], rows[2]]
    assert (dropped[0].row.id, meta(dropped[0])["duplicate_of"]) == ("b", "a")
    assert meta(dropped[0])["jaccard"] == round(jaccard(shingles(text, 5), shingles(text[:-1] + "よ", 5)), 4)
    assert summary["dropped"] == {"Near": {"near_duplicate": 1}}


def test_planted_near_duplicates_are_found_and_nothing_under_the_threshold_is_dropped(tmp_path: Path) -> None:
    rng = random.Random(0)
    originals = texts(400, 40)
    rows = [chat(f"o{i}", text) for i, text in enumerate(originals)]
    copies = [chat(f"c{i}", edited(text, rng.choice((1, 2, 4)), rng)) for i, text in enumerate(originals)]
    kept, dropped, _ = through(context(tmp_path), [*rows, *copies], Near(threshold=0.8))
    prompts = {row.id: shingles(key_of(row, "both"), 5) for row in [*rows, *copies]}
    near = {row.id for row in copies if jaccard(prompts[row.id], prompts["o" + row.id[1:]]) >= 0.8}
    found = {d.row.id for d in dropped}
    assert 100 < len(near) < 400
    assert len(near & found) >= 0.98 * len(near)
    assert all(jaccard(prompts[d.row.id], prompts[meta(d)["duplicate_of"]]) >= 0.8 for d in dropped)
    assert len(kept) + len(dropped) == 800


def test_a_chain_of_small_changes_does_not_take_everything_with_it(tmp_path: Path) -> None:
    """c is near b and b near a, but c is not near a: b goes, c stays."""
    text = texts(1, 40)[0]
    b, c = text[:-6] + "ああいいうう", "えお" + text[2:-6] + "ああいいうう"
    rows = [chat("a", text), chat("b", b), chat("c", c)]
    threshold = jaccard(shingles(text, 5), shingles(b, 5))
    assert jaccard(shingles(b, 5), shingles(c, 5)) >= threshold > jaccard(shingles(text, 5), shingles(c, 5))
    kept, _, _ = through(context(tmp_path), rows, Near(threshold=threshold, on="prompt"))
    assert [row.id for row in kept] == ["a", "c"]


def test_other_numbers_make_another_text_unless_told_otherwise(tmp_path: Path) -> None:
    rows = [chat(i, f"How do you say this many in Japanese words? dictionary {n}") for i, n in (("a", 4), ("b", 7))]
    assert len(through(context(tmp_path), rows, Near(threshold=0.8))[0]) == 2
    assert len(through(context(tmp_path), rows, Near(threshold=0.8, numbers=False))[0]) == 1


def test_order_of_rows_decides_which_one_stays(tmp_path: Path) -> None:
    text = texts(1, 40)[0]
    rows = [chat("a", text), chat("b", text + "よ")]
    assert [r.id for r in through(context(tmp_path), rows, Near())[0]] == ["a"]
    assert [r.id for r in through(context(tmp_path), rows[::-1], Near())[0]] == ["b"]


@given(st.lists(st.text("abあ1 。", min_size=1, max_size=12), min_size=1, max_size=24), st.data())
def test_what_is_dropped_does_not_depend_on_how_rows_are_cut_into_windows(
    found: list[str], data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(found)), max_size=4)) | {0, len(found)})
    rows = [chat(str(i), text, rank=i % 3) for i, text in enumerate(found)]
    for step in (Near(threshold=0.5, ngram=2, words=1), Near(threshold=0.5, ngram=2, words=1, keep="rank")):
        whole, cut = (
            [v for made in settled(step, [rows[a:b] for a, b in pairwise(ends)]) for v in made]
            for ends in ([0, len(rows)], cuts)
        )
        assert whole == cut


@given(st.lists(st.text("abc1", min_size=1, max_size=8), min_size=1, max_size=16), st.sampled_from([0.3, 0.5, 0.8]))
def test_small_sets_are_judged_as_by_comparing_all_with_all(found: list[str], threshold: float) -> None:
    """One band a permutation finds whatever shares an n-gram, all but surely; each verdict is the true one."""
    step = Near(threshold=threshold, ngram=2, words=0, permutations=256, numbers=False)
    kept: list[int] = []
    (verdicts,) = settled(step, [[chat(str(i), text) for i, text in enumerate(found)]])
    for place, (text, verdict) in enumerate(zip(found, verdicts, strict=True)):
        near = {i: jaccard(shingles(found[i], 2), shingles(text, 2)) for i in kept}
        if verdict is None:
            kept.append(place)
            assert max(near.values(), default=0.0) < 1  # equal texts are always found
        else:
            best = int(verdict.meta["duplicate_of"])
            assert verdict.meta["jaccard"] == round(near[best], 4) >= threshold


def test_of_equally_similar_rows_the_earliest_is_named() -> None:
    step = Near(threshold=0.5, ngram=1, words=0)
    rows = [chat("a", "ab"), chat("b", "ac"), chat("c", "abc"), chat("d", "acd"), chat("e", "acbd")]
    (verdicts,) = settled(step, [rows])
    assert [verdict and verdict.meta for verdict in verdicts] == [
        None,
        None,
        {"duplicate_of": "a", "jaccard": 0.6667},
        {"duplicate_of": "b", "jaccard": 0.6667},
        {"duplicate_of": "a", "jaccard": 0.5},
    ]


def test_in_english_words_are_compared_and_spaces_count(tmp_path: Path) -> None:
    rows = [chat("a", ENGLISH), chat("b", ENGLISH.replace("river", "lake"))]
    kept, dropped, summary = through(context(tmp_path), rows, Near(threshold=0.6))
    words = [re.findall(r"\w+", row.prompt[0].content.lower()) for row in rows]
    grams = [{*pairwise(spoken)} for spoken in words]
    assert [meta(d)["jaccard"] for d in dropped] == [round(len(grams[0] & grams[1]) / len(grams[0] | grams[1]), 4)]
    assert summary["notes"] == {"Near": {"clusters": {"2": 1}, "by_words": 2}}
    assert kept == rows[:1]


def test_the_best_rated_of_similar_rows_stays_and_takes_only_what_is_near_itself(tmp_path: Path) -> None:
    text = texts(1, 40)[0]
    marks = {"a": 3, "b": 9.5, "c": None, "d": 9.5, "e": 1}
    ends = {"a": "", "b": "よ", "c": "よね", "d": "ね", "e": texts(1, 40, seed=3)[0]}
    rows = [chat(i, text + ends[i]).with_meta(**({"rating": mark} if mark else {})) for i, mark in marks.items()]
    kept, dropped, summary = through(context(tmp_path), rows, Near(keep="rating"))
    assert [row.id for row in kept] == ["b", "e"]
    assert [(d.row.id, meta(d)["duplicate_of"]) for d in dropped] == [("a", "b"), ("c", "b"), ("d", "b")]
    assert summary["notes"]["Near"] == {"clusters": {"4": 1}, "by_words": 0, "unranked": 1}
    assert [row.id for row in through(context(tmp_path), rows, Near(keep="longest"))[0]] == ["c", "e"]


def test_a_rank_that_is_no_number_is_refused_by_row(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"b: Near\.keep is 'rating', but meta has 'good' there"):
        through(context(tmp_path), [chat("a", "空", rating=1), chat("b", "海", rating="good")], Near(keep="rating"))


def test_a_set_drops_what_another_one_has_and_the_other_keeps_its_own_repeats(tmp_path: Path) -> None:
    text, ctx = texts(1, 40)[0], context(tmp_path)
    other = source(chat("x", text), chat("y", text + "よ"))
    ctx.store.build(other, ctx)
    rows = [chat("a", texts(1, 40, seed=1)[0]), chat("b", text + "よ"), chat("c", text[:-1])]
    kept, dropped, summary = through(ctx, rows, Near(against=(other,)))
    assert [row.id for row in kept] == ["a"]
    assert [(meta(d)["duplicate_of"], meta(d)["duplicate_in"]) for d in dropped] == [
        ("y", other.label),
        ("x", other.label),
    ]
    assert dropped[0].reason == f"near_duplicate: of y of {other.label}, Jaccard 1.00"
    assert summary["notes"]["Near"]["clusters"] == {"2": 2}


def test_only_sets_of_texts_can_be_compared_with() -> None:
    wrong = Near(against=(Scored(),))
    assert [*wrong.check()] == [
        f"Near.against needs stages that make Chat or Pair, but {wrong.against[0].label} makes Score"
    ]


def test_rows_by_the_thousand_are_all_found_again(tmp_path: Path) -> None:
    """Past the first size of every table."""
    index = Index(sketcher := Near().sketcher, tmp_path)
    rows = [[text] for text in texts(3000, 12)]
    for start in range(0, 3000, 500):
        assert index.place(sketcher(rows[start : start + 500])) == [(None, 0.0)] * 500
    assert index.place(sketcher(rows)) == [(i, 1.0) for i in range(3000)]
    assert [*tmp_path.iterdir()] == []


def test_the_id_of_a_near_says_only_what_departs_from_the_defaults() -> None:
    assert Near().config(full=False) == {"is": "Near", "v": 2}


def test_senseless_settings_are_refused() -> None:
    with pytest.raises(UsageError, match=r"Near\.threshold is 1\.5"):
        Near(threshold=1.5)
    with pytest.raises(UsageError, match="ngram of at least 1"):
        Near(ngram=0)
    with pytest.raises(UsageError, match=r"Near\.keep is empty"):
        Near(keep="")
