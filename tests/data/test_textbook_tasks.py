"""The textbook's task families: posing, reading, sides, and the stages that write them."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.context import Context
from komainu.data.textbook.copies import VARIANTS
from komainu.data.textbook.prompts import Prompts, RawText
from komainu.data.textbook.sentence import parse
from komainu.data.textbook.sides import SIDES, side_of
from komainu.data.textbook.tasks import TASKS, Item, Lang, Task, read, understand
from komainu.data.textbook.tasks.base import fold, folded, holes_of, turns, unfold
from komainu.files import read_rows
from komainu.rows import Chat, Message

CELLS = [(task, lang) for task in TASKS for lang in task.languages]
cells = st.sampled_from(CELLS)
seeds = st.integers(0, 2**32)


def posed(each: int) -> Iterator[tuple[Task, str, Item]]:
    """`each` items of every task, language and side."""
    for i in range(each):
        for task, lang in CELLS:
            for side in SIDES:
                yield task, side, task.pose(random.Random(f"{i}:{task.name}:{lang}:{side}"), side, lang)


def test_there_are_at_least_thirteen_families_with_names_of_their_own() -> None:
    assert len({task.name for task in TASKS}) == len(TASKS) >= 13


def test_reading_gives_back_exactly_what_was_posed() -> None:
    for task, _, item in posed(60):
        assert task.read(item.messages) == item


@given(cells, st.sampled_from(SIDES), seeds)
def test_reading_inverts_posing_for_any_seed(cell: tuple[Task, Lang], side: str, seed: int) -> None:
    task, lang = cell
    item = task.pose(random.Random(seed), side, lang)
    assert task.read(item.messages) == item
    assert item.lang == lang
    assert item.answer == item.references[0]
    assert len(set(item.references)) == len(item.references)
    assert item.other not in item.references


def test_no_prompt_is_read_in_two_ways_with_different_answers() -> None:
    for _, _, item in posed(25):
        text = folded(item.messages)
        items = [reading.item for task in TASKS for reading in task.readings(item.messages, text)]
        assert items and all(each == item for each in items)


@given(cells, seeds, st.sampled_from(VARIANTS))
def test_other_spaces_widths_and_punctuation_are_read_alike(
    cell: tuple[Task, Lang], seed: int, variant: Callable[[str], str]
) -> None:
    task, lang = cell
    item = task.pose(random.Random(seed), "train", lang)
    copy = tuple(Message(m.role, variant(m.content)) for m in item.messages)
    found = read(copy)
    assert found is not None
    assert found._replace(messages=item.messages) == item


def test_every_item_is_on_the_side_it_was_drawn_for() -> None:
    for task, side, item in posed(20):
        assert side_of(item.key) == side, (task.name, item)


def test_a_prompt_of_several_sentences_holds_only_sentences_of_its_side() -> None:
    limits = next(task for task in TASKS if task.name == "limits")
    many = 0
    for i in range(60):
        item = limits.pose(random.Random(i), "test", "ja")
        if item.format and item.format["kind"] == "sentences":
            said = [parse(text + "。") for text in item.messages[0].content.replace("\n", "。").split("。")]
            keys = [found[0].key for found in said if found]
            many += len(keys) == 3
            assert all(side_of(key) == "test" for key in keys)
    assert many > 10


def test_every_family_has_four_phrasings_in_each_language_of_its_instruction() -> None:
    for task in TASKS:
        for lang, phrasings in task.phrasings.items():
            by_holes = Counter(frozenset(holes_of(phrasing)) for phrasing in phrasings)
            assert min(by_holes.values()) >= 4, (task.name, lang)
            assert len(set(phrasings)) == len(phrasings)


def test_every_phrasing_is_posed() -> None:
    used: Counter[tuple[str, str]] = Counter()
    for task, _, item in posed(60):
        text = folded(item.messages)
        used.update((task.name, p.pattern) for _, _, p in task.patterns if p.fullmatch(text))
    assert all(used[task.name, pattern.pattern] for task in TASKS for _, _, pattern in task.patterns)


EXAMPLES: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
    ("translate_ja", ("Translate into Japanese.\nTaro reads a book.",), ("太郎は本を読みます。", "太郎は本を読む。")),
    ("translate_en", ("英語にしてください。\n太郎は本を読みました。",), ("Taro read a book.",)),
    ("polite", ("丁寧な言い方にしてください。\n太郎は本を読まない。",), ("太郎は本を読みません。",)),
    ("plain", ("普通の言い方にしてください。\n太郎は本を読みましたか。",), ("太郎は本を読んだ？",)),
    ("json", ("太郎は駅で本を読む。\n誰、場所をJSONで答えてください。",), ('{"誰": "太郎", "場所": "駅"}',)),
    ("json", ("Taro reads a book.\nGive who, what as JSON.",), ('{"who": "Taro", "what": "book"}',)),
    ("bullets", ("箇条書きにしてください。\n本、駅",), ("- 本\n- 駅",)),
    ("limits", ("Use up to 4 words: Taro read a book yesterday.",), ("Taro read a book.",)),
    ("limits", ("10文字以内に短くしてください。\n太郎は昨日本を読んだ。",), ("太郎は本を読んだ。",)),
    ("limits", ("最初の1文だけ書いてください。\n太郎は本を読む。駅は静かだ。",), ("太郎は本を読む。",)),
    ("counting", ("数え方を答えてください。\n本 5",), ("本を五冊",)),
    ("counting", ("Count in words: book 1",), ("one book",)),
    ("arithmetic", ("本が3冊あります。5冊もらいました。何冊になりましたか。",), ("8冊",)),
    ("arithmetic", ("You have 3 books. You sell 2. How many books now?",), ("1 book",)),
    ("repeat", ("「本」を3回言ってください。",), ("本、本、本",)),
    ("language", ("英語で答えてください。\n太郎は駅で本を読む。\n場所はどこですか。",), ("At the station.",)),
    ("language", ("Answer in Japanese.\nTaro reads a book.\nWhat?",), ("本です。", "本だ。")),
    ("roleplay", ("猫になって言ってください。\n太郎は本を読む。",), ("太郎は本を読むにゃ。",)),
    ("roleplay", ("Say this like a pirate.\nTaro reads a book.",), ("Taro reads a book, arr!",)),
    ("questions", ("太郎は駅で本を読む。\n誰の話ですか。",), ("太郎です。", "太郎だ。")),
    ("questions", ("Taro read a book yesterday.\nWhen?",), ("Yesterday.",)),
    ("followup", ("例文を一つください。", "太郎は本を読む。", "丁寧語では?"), ("太郎は本を読みます。",)),
    ("followup", ("Say something.", "Taro reads a book.", "Deny it."), ("Taro does not read a book.",)),
    (
        "followup",
        ("文を作ってください。", "Taro reads a book.", "日本語では?"),
        ("太郎は本を読みます。", "太郎は本を読む。"),
    ),
]


@pytest.mark.parametrize(("name", "texts", "references"), EXAMPLES)
def test_prompts_written_by_hand_are_understood(name: str, texts: tuple[str, ...], references: tuple[str, ...]) -> None:
    reading = understand(turns("|".join(texts)))
    assert reading is not None
    assert (reading.task.name, reading.item.references) == (name, references)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "こんにちは。",
        "Translate into Japanese.\nColourless green ideas sleep furiously.",
        "3文字以内に短くしてください。\n太郎は昨日本を読んだ。",
        "最初の9文だけ書いてください。\n太郎は本を読む。",
        "「本」を100回言ってください。",
        "本が3冊あります。5冊売りました。何冊になりましたか。",
        "本が3匹あります。1匹売りました。何匹になりましたか。",
        "丁寧な言い方にしてください。\n太郎は本を読みます。",
        "太郎は本を読む。\nどこですか。",
    ],
)
def test_a_prompt_without_an_answer_is_not_read(text: str) -> None:
    assert read((Message("user", text),)) is None


def test_only_turns_from_user_to_user_are_read() -> None:
    asked = Message("user", "「本」を3回言ってください。")
    assert read((asked,)) is not None
    assert read((asked, Message("assistant", "本"))) is None
    assert read((Message("assistant", "本"), asked, asked)) is None
    assert read(()) is None


@given(cells, st.text(max_size=40), st.text("0123456789", min_size=1, max_size=6), seeds)
def test_any_text_in_a_phrasing_is_read_or_refused_without_an_error(
    cell: tuple[Task, Lang], text: str, number: str, seed: int
) -> None:
    rng = random.Random(seed)
    phrasing = rng.choice(cell[0].phrasings[rng.choice(list(cell[0].phrasings))])
    for hole in holes_of(phrasing):
        phrasing = phrasing.replace(f"{{{hole}}}", number if len(hole) == 1 else text)
    read(turns(phrasing))


@given(st.text('aB9 0.,?!:\n"本を｡。、？！：１Ａ「」'))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(unfold(fold(text))) == fold(text)


def test_formats_say_what_the_answer_keeps_to() -> None:
    seen = set()
    for _, _, item in posed(25):
        if item.format is None:
            continue
        kind, n = item.format["kind"], item.format.get("n", 0)
        seen.add(kind)
        if kind == "json":
            assert list(json.loads(item.answer)) == item.format["keys"]
        elif kind == "bullets":
            assert [line[:2] for line in item.answer.split("\n")] == ["- "] * n
        elif kind == "repeat":
            assert item.answer.replace(", ", "、").split("、") == [item.format["text"]] * n
        elif kind == "sentences":
            assert sum(item.answer.count(mark) for mark in "。.") == n
        else:
            assert len(item.answer if kind == "max_chars" else item.answer.split()) <= n
    assert seen == {"json", "bullets", "repeat", "sentences", "max_chars", "max_words"}


def test_an_open_register_has_both_as_references_and_prefers_polite() -> None:
    for task, _, item in posed(25):
        assert item.preferred == (len(item.references) == 2), task.name
        if item.preferred:
            assert (item.lang, item.register) == ("ja", "polite")
            assert item.answer.endswith(("す。", "せん。", "した。", "か。"))


def test_prompts_and_answers_are_short() -> None:
    for task, _, item in posed(25):
        words = len(item.answer.split()) if item.lang == "en" else len(item.answer) / 2
        assert words <= 30, (task.name, item.answer)


def test_prompts_are_even_over_tasks_and_languages_and_never_the_same() -> None:
    rows = list(Prompts(side="test", n=10 * len(CELLS)).rows())
    assert set(Counter((row.meta["task"], row.meta["lang"]) for row in rows).values()) == {10}
    assert len({folded(row.messages) for row in rows}) == len(rows)
    assert not any("hidden" in row.meta for row in rows)


def test_a_longer_run_begins_with_the_rows_of_a_shorter_one() -> None:
    few = list(Prompts(side="train", n=60, duplicates=0.3, seed=3).rows())
    many = list(Prompts(side="train", n=120, duplicates=0.3, seed=3).rows())
    assert many[:60] == few
    assert few != list(Prompts(side="train", n=60, duplicates=0.3, seed=4).rows())


def test_duplicates_are_planted_labelled_and_still_read() -> None:
    rows = list(Prompts(side="train", n=1000, duplicates=0.2).rows())
    by_id = {row.id: row for row in rows}
    copies = [row for row in rows if "hidden" in row.meta]
    assert 160 < len(copies) < 240
    exact = 0
    for row in copies:
        assert row.meta["hidden"]["fault"] == "duplicate"
        origin = by_id[row.meta["hidden"]["of"]]
        exact += origin.messages == row.messages
        assert folded(origin.messages) == folded(row.messages)
        assert origin.meta["references"] == row.meta["references"]
        found = read(row.messages)
        assert found is not None and list(found.references) == row.meta["references"]
    assert 20 < exact < 150
    assert len({folded(row.messages) for row in rows}) == len(rows) - len(copies)


def test_a_prompt_that_comes_twice_by_chance_is_labelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("komainu.data.textbook.prompts.TRIES", 0)  # as when a task has no more prompts
    rows = list(Prompts(side="test", n=500, tasks=("repeat",)).rows())
    copies = sum("hidden" in row.meta for row in rows)
    assert copies == len(rows) - len({folded(row.messages) for row in rows}) > 0


def test_the_stage_writes_its_rows_and_counts_them(tmp_path: Path) -> None:
    stage = Prompts(side="tune", n=50, duplicates=0.2, tasks=("json", "polite"))
    summary = stage.run(tmp_path, cast(Context, None))
    rows = [row for row in read_rows(tmp_path / "rows.jsonl") if isinstance(row, Chat)]
    assert rows == list(stage.rows())
    assert summary == {"rows": 50, "duplicates": sum("hidden" in row.meta for row in rows)}
    assert stage.expected(lambda _: None) == 50
    assert {row.meta["task"] for row in rows} == {"json", "polite"}
    assert not list(stage.check())


def test_wrong_settings_are_told_before_anything_runs() -> None:
    wrong = Prompts(side="dev", n=0, duplicates=1.0, tasks=("jsn",))
    told = list(wrong.check())
    assert len(told) == 4
    assert any("did you mean 'json'?" in problem for problem in told)
    assert list(RawText(n=0).check())


def test_raw_text_is_of_the_train_side_only() -> None:
    rows = list(RawText(n=1200).rows())
    keys = {found[0].key for row in rows for line in row.reply.split("\n") if (found := parse(line))}
    assert len(keys) > 400
    assert {side_of(key) for key in keys} == {"train"}
    assert {row.meta["lang"] for row in rows} == {"ja", "en", "mul"}
    assert rows[:100] == list(RawText(n=100).rows())
