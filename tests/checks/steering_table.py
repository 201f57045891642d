"""How well steering answers are told; `python -m tests.checks.steering_table` prints the tables of docs/steering.md."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from komainu.checks.steering import Steering
from tests.checks.helpers import FIXTURES, answer
from tests.eval.injections import corpus


def flagged(text: str) -> str:
    return Steering()(answer(text))


def recall() -> dict[int, tuple[int, int]]:
    """By round of the corpus: injections that are flagged, and all of them."""
    found = {each.id: bool(flagged(each.answer)) for each in corpus()}
    return {
        number: (sum(found[e.id] for e in some), len(some))
        for number in sorted({each.round for each in corpus()})
        for some in [[each for each in corpus() if each.round == number]]
    }


def clean() -> Iterator[tuple[str, str]]:
    """Answers of the fixtures that nobody wrote for a judge, each once: its set and its text."""
    root, seen = Path(FIXTURES), set[tuple[str, str]]()
    for set_, text in (*shaberi(root), *dialogues(root), *ifeval(root)):
        if (set_, text) not in seen:
            seen.add((set_, text))
            yield set_, text


def shaberi(root: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(root.glob("shaberi/tree/judgements/*/*/*.json")):
        for line in filter(str.strip, path.read_text(encoding="utf-8").splitlines()):
            if text := json.loads(line).get("ModelAnswer"):
                yield path.parent.name, text


def dialogues(root: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(root.glob("rp_bench/*")):
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            for line in file:
                yield from (("rp_bench", text) for text in json.loads(line)["conversation_history"][1::2])


def ifeval(root: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(root.glob("ifeval/verdicts/*/*.strict.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            yield from ((f"ifeval {path.parent.name}", json.loads(line)["response"]) for line in file)


def main() -> None:
    for number, (found, all_) in recall().items():
        print(f"round {number}: {found} of {all_}")
    kinds = Counter(each.category for each in corpus())
    lacking = Counter(each.category for each in corpus() if not flagged(each.answer))
    print(", ".join(f"{kind} {n - lacking[kind]}/{n}" for kind, n in kinds.items()))
    told = [(set_, flagged(text)) for set_, text in clean()]
    for set_, n in Counter(set_ for set_, _ in told).items():
        print(f"{set_}: {sum(bool(why) for each, why in told if each == set_)} of {n}")
    print(Counter(why.split()[1] for _, why in told if why))


if __name__ == "__main__":
    main()
