"""The benchmark of filters: equal records every time, faults that are there, a table that counts what is dropped."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from bench import corpus
from bench.filtering.common import FINE, PLANTED, Record
from bench.filtering.planted import KINDS, labelled, planted
from bench.filters import ENGINES, JUICER, OURS, Run, table


@pytest.fixture(autouse=True)
def few_sentences(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(corpus, "SENTENCES", 2_000)
    corpus.pool.cache_clear()
    yield
    corpus.pool.cache_clear()


def of(kind: str, n: int = 300) -> list[Record]:
    return [record for i in range(n) if (record := planted(0, i)).kind == kind]


def test_a_record_follows_from_its_number_and_has_the_fault_of_its_kind() -> None:
    assert [planted(0, i) for i in range(40)] == [planted(0, i) for i in range(40)]
    assert [planted(1, i) for i in range(40)] != [planted(0, i) for i in range(40)]
    assert all(of(kind) for kind in (FINE, *KINDS))
    assert all(record.text[-1].isalnum() for record in of("broken off"))
    for record in of("one paragraph again"):
        parts = record.text.split("\n\n")
        assert any(a == b == c for (a, b), c in zip(pairwise(parts), parts[2:], strict=False))
    for record in of("the other language"):
        kana = sum("ぁ" <= char <= "ん" for char in record.text)
        assert (kana > 100) == (record.lang == "en")


def test_what_is_fine_is_as_the_corpus_has_it() -> None:
    record = planted(0, next(i for i in range(20) if planted(0, i).kind == FINE))
    lang, _, said = next(found for i in range(20) if (found := corpus.plain(0, i))[1] == record.prompt)
    assert lang == record.lang and all(sentence in record.text for sentence in said if "- " not in sentence)


def test_labelled_texts_are_told_wrong_or_fine() -> None:
    kinds = {(record.part, record.kind) for record in labelled()}
    assert kinds == {(f"labelled {name}", kind) for name in ("repetition", "quality") for kind in ("wrong", FINE)}


@pytest.mark.parametrize("place", [0, 1])
def test_the_table_counts_what_each_filter_drops_of_each_kind(place: int) -> None:
    given = [
        Record("", "x" * 10, "ja", PLANTED, "loop"),
        Record("", "y" * 30, "en", PLANTED, FINE),
        Record("", "z", "ja", "real, somebody", ""),
    ]
    runs = {engine: [Run(1.0, 30.0, []), Run(3.0, 50.0, [])] for engine in ENGINES}
    other = next(engine for engine in ENGINES if engine.of == JUICER)
    ours = next(engine for engine in ENGINES if engine.of == OURS and engine.beside == other.beside)
    runs[ours] = [Run(0.5, 20.0, [0]), Run(0.5, 20.0, [0])]
    runs[other] = [Run(1.0, 40.0, [place, 2]), Run(2.0, 40.0, [])]  # what is dropped is told by the first
    lines = [*table(given, runs)]
    cost = next(line for line in lines if line.startswith(f"| {other.called} |"))
    kinds, rest = (line for line in lines if line.startswith(f"| data-juicer {other.called} |"))
    assert lines[0].startswith("**2 answers of 20 characters, 1 with a fault; medians of 2 rounds**")
    assert cost == f"| {other.called} | {JUICER} | 1 | 750.00 | 3.0 | 40 |"
    loop, fine = ("1.000", "0.000") if place == 0 else ("0.000", "1.000")
    assert kinds.startswith(f"| data-juicer {other.called} |  | {fine} | {loop} |")
    assert rest == f"| data-juicer {other.called} | 1.000 |"
