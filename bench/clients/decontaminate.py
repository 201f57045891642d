"""One way to find benchmark prompts in documents: python decontaminate.py WAY FOLDER; a JSON line at the end.

FOLDER has items.jsonl and documents.jsonl, an `id` and a `text` a line. WAY is ours, ours-edited, aho or words.
"""

from __future__ import annotations

import json
import sys
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

Text = tuple[str, str]  # id, text
Finder = Callable[[list[Text]], list[str]]  # documents to the ids of those that hold a prompt
N, WORDS = 20, 8


def ours(items: list[Text], edited: float) -> Finder:
    from komainu.data.decontaminate import Decontaminate, item, unique
    from komainu.data.repeated import Judge
    from komainu.rows import Chat, Message

    found = unique(item(id, "items", [text]) for id, text in items)
    judge = Judge(Decontaminate(against=(), edited=edited), found)

    def finder(documents: list[Text]) -> list[str]:
        rows = [Chat(id, (Message("user", text),)) for id, text in documents]
        return [rows[place].id for place in judge.look(rows).found]

    return finder


def folded(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).lower()))


def aho(items: list[Text]) -> Finder:
    """Any character 20-gram of a prompt, by ahocorasick_rs."""
    import ahocorasick_rs

    keys = [folded(text) for _, text in items]
    grams = {key[i : i + N] for key in keys for i in range(max(1, len(key) - N + 1)) if key}
    automaton = ahocorasick_rs.AhoCorasick([*grams], implementation=ahocorasick_rs.Implementation.ContiguousNFA)
    return lambda documents: [id for id, text in documents if automaton.find_matches_as_indexes(text)]


def words(items: list[Text]) -> Finder:
    """Any run of 8 words of a prompt, as English corpora are often cleaned."""

    def runs(text: str) -> set[tuple[str, ...]]:
        some = text.lower().split()
        return {tuple(some[i : i + WORDS]) for i in range(len(some) - WORDS + 1)}

    known = {run for _, text in items for run in runs(text)}
    return lambda documents: [id for id, text in documents if not known.isdisjoint(runs(text))]


def main(way: str, folder: Path) -> None:
    def lines(name: str) -> list[Text]:
        text = (folder / name).read_text(encoding="utf-8")
        return [(each["id"], each["text"]) for each in map(json.loads, text.splitlines())]

    items, documents = lines("items.jsonl"), lines("documents.jsonl")
    before = time.process_time()
    ways: dict[str, Callable[[], Finder]] = {
        "ours": lambda: ours(items, 0.0),
        "ours-edited": lambda: ours(items, 0.65),
        "aho": lambda: aho(items),
        "words": lambda: words(items),
    }
    finder = ways[way]()
    if way == "aho":
        documents = [(id, folded(text)) for id, text in documents]
    finder(documents[:50])  # tables that are made once
    ready = time.process_time()
    found = finder(documents)
    print(json.dumps({"load": ready - before, "cpu": time.process_time() - ready, "found": found}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
