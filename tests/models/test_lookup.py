"""A call is found again by what was asked, else by what was said; without a log nothing is."""

from __future__ import annotations

from pathlib import Path

from komainu.models.base import Model, Question
from komainu.models.cache import Cached
from komainu.models.lookup import Lookup
from komainu.rows import Message
from tests.data.fakes import Fake

MODEL = Model(name="teacher", temperature=0.3)
ASKED, OTHER = (Message("user", "hello"),), (Message("user", "hello, rewritten"),)


def test_a_call_is_found_by_its_prompt_and_else_by_its_answer(tmp_path: Path) -> None:
    path = tmp_path / "calls of #1?.sqlite"
    cached = Cached(Fake("said {sample}"), path)
    assert [r.text for r in cached.ask(MODEL, [Question(ASKED, 0), Question(ASKED, 1)])] == ["said 0", "said 1"]
    cached.close()
    before = path.read_bytes()
    with Lookup(path) as log:
        found = log.call(MODEL.id, 1, ASKED, "another text")
        assert found and (found["text"], found["messages"]) == ("said 1", [["user", "hello"]])
        assert found["sampling"]["temperature"] == 0.3 and log.model(MODEL.config()) == MODEL.id
        found = log.call(MODEL.id, 1, OTHER, "said 1")
        assert found and found["messages"] == [["user", "hello"]]
        assert log.call(MODEL.id, 1, OTHER, "said 0") is None and log.call(MODEL.id, 1, OTHER, "") is None
        assert log.model({"name": "nobody"}) == "" and log.sampling("nobody") is None
    assert path.read_bytes() == before


def test_without_a_log_nothing_is_found_and_none_is_made(tmp_path: Path) -> None:
    with Lookup(tmp_path / "none.sqlite") as log:
        assert log.call(MODEL.id, 0, ASKED, "x") is None and log.model(MODEL.config()) == ""
    assert not (tmp_path / "none.sqlite").exists()
