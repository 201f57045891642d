"""The word tables hold what they say they hold."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

from komainu.eval.bench.jp_ifeval.kana import is_kana, kanji
from komainu.eval.bench.jp_ifeval.tables import rows, words
from komainu.eval.bench.jp_ifeval.vocabulary import season_list


def test_school_years_are_complete_and_do_not_overlap() -> None:
    years = {year: set(cells[0]) for year, cells in rows("grades").items()}
    assert {year: len(taught) for year, taught in years.items()} == {"1": 80, "2": 160}
    assert not years["1"] & years["2"]


def test_a_kanji_has_one_radical() -> None:
    every = Counter(c for cells in rows("radicals").values() for c in cells[0])
    assert [c for c, n in every.items() if n > 1] == []
    assert all(len(kanji(cells[0])) == len(cells[0]) >= 10 for cells in rows("radicals").values())


def test_look_alikes_stand_under_their_own_radical() -> None:
    wrong = {
        "もんがまえ": "問聞", "さんずい": "酒氷染", "にんべん": "化条", "うかんむり": "字空案", "おおがい": "煩",
        "くさかんむり": "夢墓暮", "ごんべん": "信獄罰", "こざとへん": "都郡", "おおざと": "陪廊",
        "ぎょうにんべん": "行街術", "まだれ": "応席唐", "きへん": "相采業", "ひへん": "旧量",
    }  # fmt: skip
    for name, others in wrong.items():
        assert not set(rows("radicals")[name][0]) & set(others), name


def test_idioms_have_four_kanji_and_stand_once() -> None:
    every = [word for row in rows("yojijukugo") for word in words("yojijukugo", row)]
    assert len(every) == len(set(every)) >= 500
    assert [word for word in every if len(word) != 4 or len(kanji(word)) != 4] == []


def test_season_words_belong_to_one_season() -> None:
    spellings = {season: {s for word in season_list(season) for s in word} for season in rows("seasons")}
    assert all(len(words("seasons", season)) >= 40 for season in rows("seasons"))
    for one, other in combinations(spellings, 2):
        assert spellings[one] & spellings[other] == set(), (one, other)


def test_counter_readings_run_from_one_to_ten_in_hiragana() -> None:
    for counter, cells in rows("readings").items():
        assert len(cells) == 10, counter
        assert all(is_kana(reading) for cell in cells for reading in cell.split("/"))


def test_honorifics_have_both_kinds() -> None:
    assert all(len(cells) == 2 and all(cells) for cells in rows("honorifics").values())
