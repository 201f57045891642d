"""What the tests of the checks share: making a chat, and the real texts."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from komainu.rows import Chat, Message

FIXTURES = os.environ.get("KOMAINU_FIXTURES", "")
needs_fixtures = pytest.mark.skipif(not FIXTURES, reason="KOMAINU_FIXTURES is not set: no real text to measure on")


def answer(text: str, asked: str = "", **meta: Any) -> Chat:
    return Chat("row-1", (Message("user", asked), Message("assistant", text)), meta)


def lines(name: str) -> list[str]:
    return Path(FIXTURES, "data", name).read_text(encoding="utf-8").splitlines()


def tatoeba(language: str, pair: str = "") -> list[str]:
    """A thousand sentences; `language` is jpn, cmn, kor, or eng (then `pair` names the other side)."""
    return lines(f"tatoeba_laser.{pair or language}-eng.{language}")


def tanaka() -> list[str]:
    """Ten thousand Japanese sentences without the spaces of the tokenised file."""
    return [line.replace(" ", "") for line in lines("enja50k_train000.ja")]


def judged(model: str) -> list[tuple[str, str]]:
    """(question, answer) of one model in four Japanese benchmarks."""
    trees = sorted(Path(FIXTURES, "shaberi", "tree", "judgements", "judge_llmjudge-tulu405").glob(f"*/*{model}*.json"))
    rows = [json.loads(line) for tree in trees for line in tree.read_text(encoding="utf-8").splitlines()]
    return [(str(r["Question"]), str(r.get("ModelAnswer") or "")) for r in rows]


def ifeval(lang: str, model: str) -> list[tuple[str, str]]:
    """(prompt, response) of one model, without the prompts that ask for some other language."""
    path = next(Path(FIXTURES, "ifeval", "verdicts", lang).glob(f"*{model}*.strict.jsonl.gz"))
    with gzip.open(path, "rt", encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    kept = [r for r in rows if not any("language" in i for i in r["instruction_id_list"])]
    return [(str(r["prompt"]), str(r["response"])) for r in kept]


def utterances(name: str) -> list[str]:
    rows = [json.loads(line) for line in lines(name)]
    return [str(u["text"]) for r in rows for u in r["utterances"]]
