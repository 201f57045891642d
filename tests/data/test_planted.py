"""Prompts of real benchmarks, planted in chats as they are, in other forms and edited, are found; clean rows stay."""

from __future__ import annotations

import json
import os
import random
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from komainu.data.decontaminate import Decontaminate, item, unique
from komainu.data.repeated import Judge
from komainu.rows import Chat, Message, Role

FIXTURES = Path(os.environ.get("KOMAINU_FIXTURES", "/nowhere"))
pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="KOMAINU_FIXTURES is not set")
KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
KEYS = ("Question", "question", "text", "turns", "prompt")


def lines(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (FIXTURES / name).read_text(encoding="utf-8").splitlines()]


def asked(name: str) -> Iterator[str]:
    for each in lines(name):
        text = next(each[key] for key in KEYS if each.get(key))
        yield "\n".join(map(str, text)) if isinstance(text, list) else str(text)


@cache
def shaberi() -> tuple[str, ...]:
    names = sorted(path.name for path in (FIXTURES / "shaberi/items").glob("*.jsonl"))
    return tuple(text for name in names for text in asked(f"shaberi/items/{name}"))


@cache
def english() -> tuple[str, ...]:
    """IFEval, the first and second questions of MT-Bench, and free-form questions of MixEval, of 40 characters on."""
    (mixeval,) = (FIXTURES / "mixeval").glob("*free-form*")
    mixed = [each["prompt"] for each in json.loads(mixeval.read_text(encoding="utf-8")).values()]
    found = [*asked("ifeval/ifeval_en_541.jsonl"), *asked("data/mt_bench_question.jsonl"), *mixed]
    return tuple(dict.fromkeys(text for text in found if len(text) >= 40))


@cache
def judge() -> Judge:
    return Judge(
        Decontaminate(against=()), unique(item(f"q{i}", "x", [t]) for i, t in enumerate(shaberi() + english()))
    )


@cache
def talk(lang: str) -> str:
    text = (FIXTURES / f"data/enja50k_dev.{lang}").read_text(encoding="utf-8")
    return text.replace(" ", "") if lang == "ja" else text


def planted(text: str, rng: random.Random, lang: str) -> Chat:
    """A chat of other sentences with a text in one of its turns: alone, or in the middle of others."""
    cuts = [rng.randrange(len(talk(lang)) - 200) for _ in range(6)]
    turns = [talk(lang)[cut : cut + 200] for cut in cuts]
    turns[rng.randrange(4)] = text if rng.random() < 0.3 else f"{turns[4]}\n{text}\n{turns[5]}"
    roles: tuple[Role, ...] = ("user", "assistant", "user", "assistant")
    return Chat("row", tuple(Message(role, turn) for role, turn in zip(roles, turns[:4], strict=True)))


def as_it_is(text: str, rng: random.Random) -> str:
    return text


def other_form(text: str, rng: random.Random) -> str:
    """Other width, other kana, other spaces and other punctuation, each or all of them."""
    kinds: list[Callable[[str], str]] = [
        lambda t: t.translate(WIDE),
        lambda t: unicodedata.normalize("NFKC", t),
        lambda t: t.translate(KATAKANA),
        lambda t: (
            t.replace("、", "，").replace("。", " ．").replace(", ", " ; ").replace("「", "『").replace("」", "』")
        ),
        lambda t: t.replace("\n", "  ").replace(" ", "\u3000\n").replace("。", "。\n"),
        str.upper,
    ]
    for change in rng.sample(kinds, rng.randint(1, len(kinds))):
        text = change(text)
    return text


def edited(text: str, rng: random.Random) -> str:
    """A fifth of the characters inserted, left out, replaced, or moved by swapping neighbouring words."""
    latin = sum(map(str.isascii, text)) > 0.7 * len(text)
    letters, chars, left = "etaoinshrdlu " if latin else talk("ja").replace("\n", ""), [*text], round(0.2 * len(text))
    while left > 0:
        at, kind = rng.randrange(len(chars)), rng.randrange(7)
        if kind < 2:
            chars[at] = rng.choice(letters)
        elif kind < 4:
            chars.insert(at, rng.choice(letters))
        elif kind < 6:
            del chars[at]
        else:
            size = rng.randint(2, 5) if latin else rng.randint(1, 2)
            chars[at : at + 2 * size] = chars[at + size : at + 2 * size] + chars[at : at + size]
            left -= 2 * size - 1
        left -= 1
    return "".join(chars)


def recall(change: Callable[[str, random.Random], str], lang: str) -> float:
    """The share of the prompts that are found, a copy of each."""
    texts = shaberi() if lang == "ja" else english()
    rngs = [random.Random(f"0:{i}") for i in range(len(texts))]
    rows = [planted(change(text, rng), rng, lang) for text, rng in zip(texts, rngs, strict=True)]
    found = len(judge().look(rows).found)
    print(f"{change.__name__} {lang}: {found} of {len(rows)}, {found / len(rows):.4f}")
    return found / len(rows)


@pytest.mark.parametrize(("change", "least"), [(as_it_is, 0.99), (other_form, 0.99), (edited, 0.95)])
def test_planted_shaberi_prompts_are_found(change: Callable[[str, random.Random], str], least: float) -> None:
    assert len(shaberi()) == 320
    assert recall(change, "ja") >= least


@pytest.mark.parametrize(("change", "least"), [(as_it_is, 0.99), (other_form, 0.99), (edited, 0.9)])
def test_planted_english_prompts_are_found(change: Callable[[str, random.Random], str], least: float) -> None:
    assert recall(change, "en") >= least


def clean() -> Iterator[str]:
    """Rows of other sources: translations, instructions with answers, questions of other benchmarks, dialogues."""
    ja, en = ((FIXTURES / f"data/enja50k_train000.{x}").read_text(encoding="utf-8").splitlines() for x in ("ja", "en"))
    yield from (f"{a.replace(' ', '')}\n{b}" for a, b in zip(ja, en, strict=True))
    yield from (f"{x['sentence1']}\n{x['sentence2']}" for x in lines("data/jglue_jsts_valid.jsonl"))
    yield from (str(x["question"]) for x in lines("data/jglue_jcommonsenseqa_valid.jsonl"))
    yield from (str(x) for x in lines("data/arena_hard_v01_question.jsonl"))
    yield from (str(x) for x in lines("data/self_instruct_seed_tasks.jsonl"))
    yield from (json.dumps(x, ensure_ascii=False) for x in lines("data/realpersonachat_300.jsonl"))
    yield from (json.dumps(x, ensure_ascii=False) for x in lines("data/asdc_main_dialogs.jsonl"))
    alpaca = json.loads((FIXTURES / "data/lf_alpaca_en_demo.json").read_text(encoding="utf-8"))
    yield from (f"{x['instruction']}\n{x['input']}\n{x['output']}" for x in alpaca)


def test_of_clean_rows_one_in_a_thousand_at_most_is_taken_for_a_copy() -> None:
    rows = [Chat(str(i), (Message("user", text),)) for i, text in enumerate(clean())]
    found = judge().look(rows).found
    print(f"clean: {len(found)} of {len(rows)}, {len(found) / len(rows):.5f}")
    assert len(rows) > 14_000
    assert len(found) <= len(rows) / 1000
