"""Clusters: which rows were dropped for which, read from a dataset."""

from __future__ import annotations

from pathlib import Path

from komainu.data.base import Dataset
from komainu.data.clusters import clusters, sizes
from komainu.data.dedup import Exact
from komainu.data.near_dup import Near
from tests.data.fakes import chat, context, source
from tests.data.test_near_dup import texts


def test_clusters_name_the_row_that_stays_and_what_went_for_it_the_largest_first(tmp_path: Path) -> None:
    one, two = texts(2, 40)
    rows = [chat("a", one), chat("b", two), chat("c", two + "。"), chat("d", one + "よ"), chat("e", one + "ね")]
    ctx = context(tmp_path)
    artifact = ctx.store.build(Dataset(sources=(source(*rows),), steps=(Exact(), Near())), ctx)
    near, exact = clusters(artifact)
    assert (near.step, near.id, near.size, near.kept) == ("Near", "a", 3, rows[0])
    assert [member.row.id for member in near.members] == ["d", "e"]
    assert all(0.85 <= member.similarity < 1 for member in near.members)
    assert (exact.step, exact.id, [(m.row.id, m.similarity) for m in exact.members]) == ("Exact", "b", [("c", 1.0)])
    assert sizes(clusters(artifact)) == {"Near": {3: 1}, "Exact": {2: 1}}


def test_a_row_of_another_set_is_named_and_not_shown(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    other = source(chat("a", texts(1, 40)[0]))
    step = Near(against=(other,))
    found = Dataset(sources=(source(chat("a", texts(1, 40, seed=1)[0]), chat("b", texts(1, 40)[0])),), steps=(step,))
    (cluster,) = clusters(ctx.store.build(found, ctx))
    assert (cluster.id, cluster.inside, cluster.kept) == ("a", other.label, None)


def test_rows_dropped_for_other_reasons_make_no_clusters(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    rows = [chat("a", "空", duplicate_of="x"), chat("b", "海")]
    assert [*clusters(ctx.store.build(Dataset(sources=(source(*rows),), steps=(Exact(),)), ctx))] == []
