"""Decontaminate finds planted benchmark prompts, names them, and says how near the rest comes."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.data.base import Drop
from komainu.data.decontaminate import Decontaminate
from komainu.data.overlap import Overlaps, merged
from komainu.errors import UsageError
from komainu.rows import Chat, Pair
from tests.data.fakes import chat, context, meta, source, through

FIXTURES = Path(os.environ.get("KOMAINU_FIXTURES", "/nowhere"))
needs_fixtures = pytest.mark.skipif(not FIXTURES.is_dir(), reason="KOMAINU_FIXTURES is not set")
ITEM = "日本で一番高い山は富士山ですが、二番目に高い山の名前と、その山がある県を教えてください。"
BENCH = source(chat("q1", ITEM), chat("q2", "Explain in three sentences why the Moon always shows the same face."))
STEP = Decontaminate(against=(BENCH,))


Ran = tuple[list[str], list[Drop], dict[str, object]]  # ids of the kept rows, drops, notes


def run(tmp_path: Path, *rows: Chat | Pair, step: Decontaminate = STEP) -> Ran:
    kept, dropped, summary = through(context(tmp_path), rows, step)
    return [row.id for row in kept], dropped, summary["notes"]["Decontaminate"]


@pytest.mark.parametrize(
    "text",
    [
        ITEM,
        ITEM.replace("、", "，").replace("。", " ．\n"),
        ITEM.translate({c: c + 0x60 for c in range(0x3041, 0x3097)}),
    ],
)
def test_the_same_prompt_is_found_whatever_its_width_kana_and_punctuation(tmp_path: Path, text: str) -> None:
    kept, dropped, _ = run(tmp_path, chat("a", text, "北岳です。"), chat("b", "空はなぜ青いですか。"))
    assert kept == ["b"]
    assert dropped[0].reason.startswith(f"benchmark_prompt: q1 of {BENCH.label}, 1.00 of it: ")
    assert meta(dropped[0])["contaminates"]["id"] == "q1"


def test_a_prompt_inside_another_turn_is_found_with_the_span(tmp_path: Path) -> None:
    _, dropped, facts = run(tmp_path, chat("a", "問題を作って", "はい。" + ITEM + "答えは北岳です。"))
    met = meta(dropped[0])["contaminates"]
    assert dropped[0].reason.startswith("benchmark_overlap")
    assert met["coverage"] > 0.9
    assert met["span"].startswith("日本で一番高い山は") or met["span"].startswith("日本で一番高い山")
    assert facts["found"] == {"benchmark_overlap": 1}


def test_an_edited_copy_is_found_unless_that_is_switched_off(tmp_path: Path) -> None:
    copy = ITEM.replace("富士山ですが", "何山で、また").replace("教えて", "書いて").replace("名前", "名称")
    kept, dropped, _ = run(tmp_path, chat("a", copy))
    assert (kept, dropped[0].reason.split(":")[0]) == ([], "benchmark_edited")
    off = Decontaminate(against=(BENCH,), edited=0)
    assert run(tmp_path, chat("a", copy), step=off)[0] == ["a"]


def test_pairs_are_searched_in_prompt_and_both_answers(tmp_path: Path) -> None:
    prompt = chat("x", "問題を作って").messages
    kept, _, _ = run(tmp_path, Pair("a", prompt, "はい", ITEM), Pair("b", prompt, "はい", "いいえ"))
    assert kept == ["b"]


def test_a_clean_set_says_what_was_compared_and_how_near_it_came(tmp_path: Path) -> None:
    near = chat("a", "日本で一番高い山は富士山ですが、好きな食べ物は何ですか。")
    kept, _, facts = run(tmp_path, near, chat("b", "はい"))
    assert kept == ["a", "b"]
    assert facts["compared"] == "2 rows with 2 items, 0 found"
    assert (facts["rows"], facts["items"], facts["found"], facts["by"]) == (2, 2, {}, {})
    assert facts["coverage"] == {"0.0": 2}
    nearest = run(tmp_path, near, step=Decontaminate(against=(BENCH,), ngram=12))[2]["nearest"]
    assert isinstance(nearest, dict)
    assert (nearest["row"], nearest["id"]) == ("a", "q1")
    assert 0.2 < nearest["coverage"] < 0.6


def test_a_template_that_many_items_share_is_no_contamination(tmp_path: Path) -> None:
    """Only the word differs: with the template counted, nine tenths of every item would be covered."""
    words = ["りんご", "みかん", "ぶどう", "いちご", "すいか", "バナナ", "レモン", "メロン"]
    ask = "次の言葉を英語に翻訳して、その使い方が分かる短い例文も一つ書いてください。言葉は「{}」です。"
    bench = source(*(chat(f"q{i}", ask.format(w)) for i, w in enumerate(words)))
    step = Decontaminate(against=(bench,))
    kept, dropped, _ = run(tmp_path, chat("a", ask.format("トマト")), chat("b", ask.format("みかん")), step=step)
    assert kept == ["a"]
    assert meta(dropped[0])["contaminates"]["id"] == "q1"


def test_a_short_item_counts_only_as_a_whole_prompt(tmp_path: Path) -> None:
    step = Decontaminate(against=(source(chat("q", "続けてください")),))
    kept, _, _ = run(tmp_path, chat("a", "話を続けてくださいますか"), chat("b", "続けて ください。"), step=step)
    assert kept == ["a"]


def test_wiring_and_settings_are_checked() -> None:
    pairs = source(Pair("a", chat("x", "y").messages, "a", "b"))
    assert "makes Pair" in next(iter(Decontaminate(against=(pairs,)).check()))
    assert "is empty" in next(iter(Decontaminate(against=()).check()))
    with pytest.raises(UsageError, match="at least 8"):
        Decontaminate(against=(BENCH,), ngram=4)
    with pytest.raises(UsageError, match="share"):
        Decontaminate(against=(BENCH,), coverage=1.5)


@given(st.sets(st.integers(0, 60)), st.integers(1, 9))
def test_spans_cover_exactly_what_their_grams_cover(begins: set[int], width: int) -> None:
    spans = merged(begins, width)
    covered = [i for start, end in spans for i in range(start, end)]
    assert covered == sorted({b + k for b in begins for k in range(width)})
    assert all(end < start for (_, end), (start, _) in pairwise(spans))


@given(st.text("ab", max_size=40), st.text("ab", max_size=40))
def test_coverage_is_what_a_slow_search_finds(item: str, row: str) -> None:
    found = Overlaps([item], 4, common=0.01).most(row)
    shared = {i + k for i in range(len(item) - 3) if item[i : i + 4] in row for k in range(4)}
    assert (found.coverage if found else 0.0) == pytest.approx(len(shared) / max(len(item), 1))


def cut(text: str, filler: str, rng: random.Random) -> str:
    """A fifth of the text, in one piece, replaced by other text."""
    n = len(text) // 5
    at, other = rng.randrange(max(1, len(text) - n)), rng.randrange(len(filler) - n)
    return text[:at] + filler[other : other + n] + text[at + n :]


def runs(text: str, filler: str, rng: random.Random) -> str:
    """A fifth of the text replaced in runs of two to six characters."""
    chars, left = list(text), len(text) // 5
    while left > 0:
        n = min(rng.randint(2, 6), left)
        at, other = rng.randrange(max(1, len(chars) - n)), rng.randrange(len(filler) - n)
        chars[at : at + n] = filler[other : other + n]
        left -= n
    return "".join(chars)


def inside(text: str, filler: str, rng: random.Random) -> str:
    return f"次の質問に答えてください。\n{text}\nよろしくお願いします。"


@needs_fixtures
@pytest.mark.parametrize(("change", "least"), [(inside, 0.98), (cut, 0.96), (runs, 0.92)])
def test_planted_benchmark_items_are_found(
    tmp_path: Path, change: Callable[[str, str, random.Random], str], least: float
) -> None:
    texts = shaberi()
    filler = "".join((FIXTURES / "data/tatoeba_laser.jpn-eng.jpn").read_text(encoding="utf-8").split())
    rng = random.Random(0)
    planted = [chat(str(i), change(text, filler, rng)) for i, text in enumerate(texts)]
    step = Decontaminate(against=(source(*(chat(f"q{i}", text) for i, text in enumerate(texts))),))
    _, dropped, _ = run(tmp_path, *planted, step=step)
    assert len(dropped) >= least * len(planted)


@needs_fixtures
def test_sentences_of_another_source_are_not_taken_for_benchmark_items(tmp_path: Path) -> None:
    files = ("tatoeba_laser.jpn-eng.jpn", "tatoeba_laser.jpn-eng.eng")
    lines = [line for f in files for line in (FIXTURES / "data" / f).read_text(encoding="utf-8").splitlines()]
    step = Decontaminate(against=(source(*(chat(f"q{i}", text) for i, text in enumerate(shaberi()))),))
    kept, dropped, facts = run(tmp_path, *(chat(str(i), line) for i, line in enumerate(lines)), step=step)
    assert dropped == []
    assert facts["compared"] == f"{len(lines)} rows with 320 items, 0 found"
    assert len(kept) == len(lines)


def shaberi() -> list[str]:
    found = []
    for file in sorted((FIXTURES / "shaberi/items").glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            item = json.loads(line)
            text = next(item[key] for key in ("Question", "question", "text", "turns") if item.get(key))
            found.append("\n".join(text) if isinstance(text, list) else text)
    return found
