"""Broken files: every one is an error with its place, or is read with every row accounted for; nothing else happens."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from komainu.data.base import drops
from komainu.data.files import ChatFile, PairFile, RowFile
from komainu.errors import UsageError
from komainu.files import FORMATS, Found, scan
from komainu.store import Artifact
from tests.data.broken_files import FILES, Bad, corpus
from tests.data.test_files import built, context

CORPUS = corpus()
PLACE = r"(:\d+)?: "


def read(stage: RowFile, out: Path) -> tuple[dict[str, int], Counter[str]]:
    """Rows, dropped and read, and the reasons; raises what the stage raises."""
    out.mkdir()
    summary = stage.run(out, context(out))
    reasons = Counter(summary.get("dropped", {}).get("ChatFile", {}))
    return {"rows": summary["rows"], "in": summary.get("in", summary["rows"])}, reasons


def test_there_are_two_hundred_files_and_no_two_are_alike() -> None:
    assert len(CORPUS) >= FILES
    assert len({(bad.name, bad.data) for bad in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("bad", CORPUS, ids=lambda bad: f"{bad.what} {bad.name}")
def test_a_broken_file_is_told_by_place_or_every_row_of_it_is_accounted_for(tmp_path: Path, bad: Bad) -> None:
    path = tmp_path / bad.name
    path.write_bytes(bad.data)
    stopping = ChatFile(path=str(path), licence="MIT")
    problems = [*stopping.problems()]
    assert all(re.match(re.escape(str(path)) + PLACE, problem) for problem in problems), problems
    if problems:
        with pytest.raises(UsageError, match=re.escape(str(path))):
            read(stopping, tmp_path / "stopped")
        assert [*(tmp_path / "stopped").iterdir()] == []
        assert [*stopping.check()][:1] == problems[:1]
    elif bad.objects is not None:
        assert read(stopping, tmp_path / "all")[0] == {"rows": bad.objects, "in": bad.objects}
    try:
        counts, reasons = read(ChatFile(path=str(path), licence="MIT", broken=0.999), tmp_path / "some")
    except UsageError as error:
        assert str(path) in str(error) and not bad.good, f"{bad.good} good rows could be had: {error}"
        return
    assert counts["in"] == counts["rows"] + reasons.total()
    assert reasons.total() == len(problems)
    assert bad.objects in (None, counts["in"]) and bad.good in (None, counts["rows"])


def test_dropped_rows_are_kept_with_their_reasons_and_can_be_followed(tmp_path: Path) -> None:
    good = b'{"id":"%d","conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"a"}]}\n'
    data = (
        b"".join(good % i for i in range(8)) + b'nonsense\n{"id":"b","conversations":[{"from":"human","value":"q"}]}\n'
    )
    (tmp_path / "x.jsonl").write_bytes(data)
    stage = ChatFile(path=str(tmp_path / "x.jsonl"), licence="MIT", broken=0.2)
    ctx = context(tmp_path)
    artifact = ctx.store.build(stage, ctx)
    assert artifact.summary == {"rows": 8, "in": 10, "dropped": {"ChatFile": {"turns": 1, "unreadable": 1}}}
    assert [(d.row.id, d.reason.partition(":")[0]) for d in drops(artifact)] == [
        ("line 9", "unreadable"),
        ("b", "turns"),
    ]
    assert isinstance(artifact, Artifact) and stage.expected(lambda _: None) == 8
    assert stage.id != ChatFile(path=str(tmp_path / "x.jsonl"), licence="MIT").id


def test_more_broken_rows_than_allowed_stop_the_run_with_both_numbers(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(
        b'{"conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"a"}]}\n{}\n'
    )
    stage = ChatFile(path=str(tmp_path / "x.jsonl"), licence="MIT", broken=0.4)
    *_, last = stage.check()
    assert last.endswith("1 of 2 rows are broken; `broken` allows 0.4 of them")
    with pytest.raises(UsageError, match="1 of 2 rows are broken"):
        built(stage, tmp_path)


PIECES = st.sampled_from([b"{", b"}", b"[", b"]", b'"', b":", b",", b"\\", b"\n", b"null", b"1", b"\xef\xbb\xbf", b" "])
KEYS = st.sampled_from([b'"conversations":', b'"from":', b'"value":', b'"human"', b'"gpt"', b'"messages":', b'"id":'])
NOISE = st.lists(PIECES | KEYS | st.binary(max_size=3), max_size=30).map(b"".join)


@pytest.mark.parametrize("suffix", FORMATS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_bytes_are_objects_or_problems_or_a_usage_error(tmp_path: Path, suffix: str, data: st.DataObject) -> None:
    path = tmp_path / f"x{suffix}"
    originals = [bad.data for bad in CORPUS if bad.name == path.name and len(bad.data) > 8]
    start = data.draw(st.sampled_from(originals)) if originals else b""
    at = data.draw(st.integers(0, len(start)))
    path.write_bytes(
        data.draw(st.sampled_from([b"", start[:at]])) + data.draw(NOISE) + start[at + data.draw(st.integers(0, 4)) :]
    )
    try:
        found = [*scan(path)]
    except UsageError as error:
        assert str(error).startswith(str(path))
        return
    assert all(isinstance(each, Found) and (each.value is None) == bool(each.problem) for each in found)
    for kind in (ChatFile, PairFile):
        stage = kind(path=str(path), licence="MIT")
        seen = [*stage.read()]
        assert len([s for s in seen if s.reason != "cut"]) == len(found)
