"""A mix of many rows: CPU seconds, and the most memory a row beside what an empty process has; a process for each.

python -m bench.mixing [rows ...]    default: 100000 1000000; about 2 GB of disk under .bench, removed at the end
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from komainu.context import Context
from komainu.data.mix import Mix, Part
from komainu.data.token_counts import Target
from komainu.files import write_rows
from komainu.models.base import Model, Question, Reply
from komainu.rows import Chat, Message
from komainu.stage import Stage
from komainu.store import Store
from komainu.train.tokenizer import Tokenizer

FOLDER = Path(".bench/mixing")
WORDS = ("犬が走る。", "猫が眠る。", "The dog runs. ", "A cat sleeps here. ")


class Nobody:
    """A client that is not asked."""

    batch_sensitive = False

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        raise AssertionError("no model is asked here")


@dataclass(frozen=True, kw_only=True)
class Many(Stage):
    """`n` chats of about 900 bytes, a quarter of them in Japanese."""

    makes: ClassVar[type] = Chat
    n: int
    name: str

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        return {"rows": write_rows(out / "rows.jsonl", self.rows())}

    def rows(self) -> Iterator[Chat]:
        for i in range(self.n):
            word = WORDS[i % 4]
            turns = (Message("user", f"{word}{i}?"), Message("assistant", word * (10 + i % 60)))
            meta = {"lang": "ja" if i % 4 == 0 else "en", "source": self.name, "licence": "mit", "from": [f"call:{i}"]}
            yield Chat(f"{self.name}-{i:08}-0123456789abcdef", turns, meta)


def mixes(rows: int) -> dict[str, Mix]:
    parts = (Part(stage=Many(n=rows // 2, name="a")), Part(stage=Many(n=rows - rows // 2, name="b")))
    target = Target(model=Tokenizer(data=Many(n=200, name="t"), vocab=512))
    return {
        "every row": Mix(parts=parts),
        "a quarter": Mix(parts=tuple(Part(stage=part.stage, weight=0.25) for part in parts)),
        "temperature 3": Mix(parts=parts, temperature=3.0),
        "30 tokens a row": Mix(parts=parts, tokens=30 * rows, target=target),
    }


def context() -> Context:
    return Context(Store(FOLDER / "store"), Nobody())


def peak() -> int:
    """The most memory this process has had, in bytes; what getrusage tells is also that of who started it."""
    return 1024 * int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])


def one(rows: int, name: str) -> None:
    """Build one mix whose inputs are there, and print what it took."""
    mix = mixes(rows)[name]
    before = peak()
    started = time.process_time()
    summary = context().store.build(mix, context()).summary
    took = time.process_time() - started
    memory = (peak() - before) / rows
    print(f"| {rows:,} | {name} | {summary['rows']:,} | {took:.1f} | {rows / took:,.0f} | {memory:.0f} |", flush=True)


def main(sizes: Sequence[int]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    print(
        "| rows there | mix | rows taken | CPU s | rows there a CPU s | bytes a row there |\n|---|---|---|---|---|---|"
    )
    for rows in sizes:
        for name, mix in mixes(rows).items():
            for stage in mix.inputs.values():
                started = time.process_time()
                context().store.build(stage, context())
                if type(stage).__name__ == "TokenCounts":
                    print(f"tokens counted: {time.process_time() - started:.1f} CPU s", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "bench.mixing", "one", str(rows), name], check=True)
    shutil.rmtree(FOLDER)


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        one(int(sys.argv[2]), sys.argv[3])
    else:
        main([int(text) for text in sys.argv[1:]] or [100_000, 1_000_000])
