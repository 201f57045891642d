"""tl-bench's texts, prompts and the extraction of translations; the anchors of the package and those of files."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.checks.scripts import JAPANESE
from komainu.errors import UsageError
from komainu.eval.bench.tl_bench.anchors import MET, ROWS, AnchorFiles, load
from komainu.eval.bench.tl_bench.bench import TlBench
from komainu.eval.bench.tl_bench.extract import translation
from komainu.eval.bench.tl_bench.graded import FAULTS, GradedAnchors, drawn, faulty, pieces, translations
from komainu.eval.bench.tl_bench.items import TlBenchItems, texts
from komainu.eval.items import Source
from komainu.files import write_objects, write_rows
from komainu.rows import Chat, Message
from tests.eval.tl_bench.tl_world import say
from tests.eval.world import context

ITEMS = TlBenchItems().rows()


def share_japanese(text: str) -> float:
    return len(re.findall(f"[{JAPANESE}]", text)) / len(text)


def test_there_are_at_least_eighty_texts_of_both_directions_and_difficulties() -> None:
    assert len(ITEMS) >= 80 and len({item.id for item in ITEMS}) == len(ITEMS)
    counts = Counter(item.meta["task"] for item in ITEMS)
    assert set(counts) == {"ja-en easy", "ja-en hard", "en-ja easy", "en-ja hard"} and min(counts.values()) >= 20
    assert len({item.meta["genre"] for item in ITEMS}) >= 25
    assert len({item.meta["text"] for item in ITEMS}) == len(ITEMS)


def test_sources_and_careful_translations_are_in_their_languages() -> None:
    own = translations()
    assert own.keys() == {item.id for item in ITEMS}
    for item in ITEMS:
        ja, en = (own[item.id], item.meta["text"])[:: -1 if item.meta["direction"] == "ja-en" else 1]
        assert share_japanese(ja) > 0.7 and share_japanese(en) < 0.01, item.id
        assert item.meta["lang"] == item.meta["direction"][-2:]
        if item.meta["difficulty"] == "hard":
            assert len(ja) >= 120 and len(en.split()) >= 50, item.id


def test_the_prompt_holds_the_text_and_asks_for_tags_and_its_content_is_identity() -> None:
    for item in ITEMS:
        (prompt,) = item.prompt
        assert prompt.content.endswith(item.meta["text"])
        assert "<translation>" in prompt.content and "</translation>" in prompt.content
    assert TlBenchItems().id != TlBenchItems(sha256="0" * 64).id
    assert "have" in next(TlBenchItems(sha256="0" * 64).check())


def test_a_limit_takes_as_many_of_each_direction_and_difficulty() -> None:
    assert Counter(i.meta["task"] for i in TlBenchItems(limit=3).rows()) == dict.fromkeys(
        ("ja-en easy", "ja-en hard", "en-ja easy", "en-ja hard"), 3
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            '{"id": "a", "direction": "ja-fr", "difficulty": "easy", "genre": "x", "text": "y"}',
            ":1: Invalid enum value",
        ),
        ('{"id": "a", "direction": "ja-en", "difficulty": "easy", "genre": "x", "text": " "}', ":1: 'a' has no text"),
        ('{"id": "a", "direction": "ja-en", "difficulty": "easy", "genre": "x"}', ":1: Object missing required field"),
    ],
)
def test_what_is_no_text_is_refused_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "t.jsonl").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"t\.jsonl") as error:
        [*texts(tmp_path / "t.jsonl")]
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("reply", "text", "how"),
    [
        ("<translation>Hello.</translation>", "Hello.", "tagged"),
        ("Sure!\n<Translation>\nHello.\n</ translation >\nNote: informal.", "Hello.", "tagged"),
        ("I put it between <translation> tags: <translation>Hello.</translation>", "Hello.", "tagged"),
        ("<translation>First.</translation> Better: <translation>Second.</translation>", "Second.", "tagged"),
        ("<translation>Hello, and then it was cut", "Hello, and then it was cut", "unclosed"),
        ("Hello.</translation>", "Hello.", "untagged"),
        (" Hello. ", "Hello.", "untagged"),
        ("<translation></translation>", "", "tagged"),
        ("<think><translation>draft</translation></think>Hello.", "Hello.", "untagged"),
        ("", "", "untagged"),
    ],
)
def test_the_translation_is_what_stands_between_the_last_tags(reply: str, text: str, how: str) -> None:
    assert translation(reply) == (text, how)


plain = st.text(st.characters(exclude_characters="<>", codec="utf-8"), max_size=60)


@given(plain, plain, plain)
def test_a_tagged_translation_comes_out_whatever_stands_around_it(before: str, text: str, after: str) -> None:
    assert translation(f"{before}<translation>{text}</translation>{after}") == (text.strip(), "tagged")


@given(st.text(alphabet="<>/ translatio\nあ", max_size=80))
def test_no_reply_breaks_the_extraction_and_no_closing_tag_is_left(reply: str) -> None:
    assert "</translation>" not in translation(reply).text


def test_careful_translations_have_no_fault_and_the_others_as_many_as_were_drawn() -> None:
    found = GradedAnchors().read(None)  # type: ignore[arg-type]
    assert found.names == tuple(FAULTS) and found.texts.keys() == {item.id for item in ITEMS}
    assert all(by["careful"] == translations()[item] for item, by in found.texts.items())
    assert all(text.strip() for by in found.texts.values() for text in by.values())
    same = {name: sum(by[name] == by["careful"] for by in found.texts.values()) for name in FAULTS}
    assert [*same.values()] == sorted(same.values(), reverse=True) and same["wreck"] < 5 < same["slight"]
    assert found == GradedAnchors().read(None)  # type: ignore[arg-type]


def test_faults_are_drawn_with_their_mean() -> None:
    for mean in FAULTS.values():
        some = [drawn(mean, str(i)) for i in range(4000)]
        assert abs(sum(some) / len(some) - mean) < 0.12


@given(st.sampled_from([item.id for item in ITEMS]), st.integers(0, 12), st.integers(0, 3))
def test_a_faulty_text_is_another_text_and_never_empty(item: str, n: int, seed: int) -> None:
    text = translations()[item]
    assert "".join(pieces(text)) == text
    source = next(str(i.meta["text"]) for i in ITEMS if i.id == item)
    found = faulty(text, source, n, str(seed))
    assert found and (n != 1 or found != text)


def test_the_graded_anchors_are_a_scale(tmp_path: Path) -> None:
    made = context(tmp_path, say)
    found = made.store.build(GradedAnchors(), made)
    strengths = [each["strength"] for each in found.summary["anchors"].values()]
    assert [*found.summary["anchors"]] == [*FAULTS] and strengths == sorted(strengths, reverse=True)
    assert not any(each["side"] for each in found.summary["anchors"].values())
    assert load(found.path) == GradedAnchors().read(made)


def anchor_files(folder: Path) -> Source:
    folder.mkdir(exist_ok=True)
    rows = [
        Chat(item, (Message("user", item), Message("assistant", f"{name} of {item}")), {"anchor": name})
        for item in ("x", "y")
        for name in ("good", "bad")
    ]
    write_rows(folder / ROWS, rows)
    write_objects(folder / MET, [{"id": "x", "a": "good", "b": "bad", "wins_a": 1.5, "wins_b": 0.5}])
    return Source(path=str(folder))


def test_an_anchor_set_of_files_is_known_by_its_content(tmp_path: Path) -> None:
    one, two = AnchorFiles(source=anchor_files(tmp_path / "a")), AnchorFiles(source=anchor_files(tmp_path / "b"))
    assert one.id == two.id and one.names == ("good", "bad") and TlBench(anchors=one).id != TlBench().id
    made = context(tmp_path, say)
    assert load(made.store.build(one, made).path) == load(tmp_path / "a")
    (tmp_path / "b" / MET).write_text('{"id": "y", "a": "good", "b": "bad", "wins_a": 1, "wins_b": 1}\n')
    assert AnchorFiles(source=replace(two.source, sha256="0" * 64)).id != one.id


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (ROWS, '{"type":"Chat","id":"x","messages":[{"role":"user","content":"x"}]}\n', "row 1: an anchor's row is"),
        (MET, '{"id": "z", "a": "good", "b": "bad", "wins_a": 1, "wins_b": 1}\n', ":1: a comparison is of a text"),
        (MET, '{"id": "x", "a": "good", "b": "good", "wins_a": 1, "wins_b": 1}\n', ":1: a comparison is of a text"),
        (MET, '{"id": "x", "a": "good", "b": "bad", "wins_a": -1, "wins_b": 1}\n', ":1: Expected `float` >= 0"),
        (MET, '{"id": "x", "a": "good", "b": "bad", "wins_a": 1}\n', ":1: Object missing required field `wins_b`"),
    ],
)
def test_what_is_no_anchor_set_is_refused(tmp_path: Path, name: str, text: str, said: str) -> None:
    anchor_files(tmp_path)
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as error:
        load(tmp_path)
    assert name in str(error.value) and said in str(error.value)


def test_every_anchor_has_every_text(tmp_path: Path) -> None:
    anchor_files(tmp_path)
    rows = (tmp_path / ROWS).read_text(encoding="utf-8").splitlines()
    for lines, said in (
        (rows[:3], "'y' is not translated by 'bad'"),
        (rows + rows[:1], "row 5: 'good' has translated"),
    ):
        (tmp_path / ROWS).write_text("\n".join(lines) + "\n", encoding="utf-8")
        with pytest.raises(UsageError, match=said):
            load(tmp_path)
