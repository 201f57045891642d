"""Near drops what is nearly the same as a row that stays; every drop is verified."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.data.keys import key_of
from komainu.data.minhash import Index, banding, hashed, jaccard, shingles
from komainu.data.near_dup import Near
from komainu.errors import UsageError
from tests.data.fakes import chat, context, meta, through

WORDS = re.findall(
    r"\S+", "犬 猫 学校 電車 昨日 本 食べる 走る 大きい 赤い 東京 母 音楽 海 雨 write about the river slowly"
)


def texts(n: int, length: int, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choice(WORDS) for _ in range(length)) for _ in range(n)]


def edited(text: str, edits: int, rng: random.Random) -> str:
    chars = list(text)
    for place in rng.sample(range(len(chars)), edits):
        chars[place] = rng.choice("あいうえお")
    return "".join(chars)


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
    assert len(through(context(tmp_path), rows, Near())[0]) == 2
    assert len(through(context(tmp_path), rows, Near(numbers=False))[0]) == 1


def test_order_of_rows_decides_which_one_stays(tmp_path: Path) -> None:
    text = texts(1, 40)[0]
    rows = [chat("a", text), chat("b", text + "よ")]
    assert [r.id for r in through(context(tmp_path), rows, Near())[0]] == ["a"]
    assert [r.id for r in through(context(tmp_path), rows[::-1], Near())[0]] == ["b"]


@given(st.lists(st.text(max_size=30), min_size=1, max_size=8), st.integers(1, 7))
def test_every_text_has_as_many_hashes_as_grams_and_equal_grams_equal_hashes(found: list[str], n: int) -> None:
    grams, starts = hashed(found, n)
    ends = [*starts[1:].tolist(), len(grams)]
    known: dict[str, int] = {}
    for text, start, end in zip(found, starts.tolist(), ends, strict=True):
        expected = [text[i : i + n] for i in range(max(len(text) - n + 1, 1))]
        assert end - start == len(expected)
        for gram, value in zip(expected, grams[start:end].tolist(), strict=True):
            assert known.setdefault(gram, value) == value


def test_signatures_estimate_similarity_without_bias() -> None:
    index = Index(0.8, 5, 256, seed=1)
    rng = random.Random(1)
    pairs = [(text, edited(text, 8, rng)) for text in texts(100, 60, seed=2)]
    one, other = (index.sign([pair[i] for pair in pairs]) for i in (0, 1))
    estimates = (one == other).mean(axis=1)
    errors = [e - jaccard(shingles(a, 5), shingles(b, 5)) for e, (a, b) in zip(estimates, pairs, strict=True)]
    assert abs(sum(errors) / len(errors)) < 0.01


@given(st.floats(0.2, 1), st.sampled_from([64, 128, 256]))
def test_banding_uses_no_more_permutations_than_there_are(threshold: float, permutations: int) -> None:
    bands, rows = banding(threshold, permutations)
    assert bands * rows <= permutations and bands <= 256


def test_senseless_settings_are_refused() -> None:
    with pytest.raises(UsageError, match=r"Near\.threshold is 1\.5"):
        Near(threshold=1.5)
    with pytest.raises(UsageError, match="ngram of at least 1"):
        Near(ngram=0)
