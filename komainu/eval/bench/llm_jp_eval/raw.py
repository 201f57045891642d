"""From the raw sets to the files of v1.4.1, for the sets that are one download: JGLUE's, and JMMLU."""

from __future__ import annotations

import csv
import hashlib
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from komainu.errors import UsageError, nearest
from komainu.files import read_objects, write_json

Pair = tuple[str, str]  # input and output
SHOTS = 4  # rows of JMMLU that become examples


class Task(NamedTuple):
    """How a row of a raw set becomes a sample, and what the file says beside the samples."""

    instruction: str
    output_length: int
    metrics: tuple[str, ...]
    sample: Callable[[Mapping[str, Any]], Pair]


def choices(row: Mapping[str, Any]) -> Pair:
    listed = ",".join(f"{i}.{row[f'choice{i}']}" for i in range(5))
    return f"質問：{row['question']}\n選択肢：{listed}", str(row["label"])


def premise(row: Mapping[str, Any]) -> Pair:
    return f"前提：{row['sentence1']}\n仮説：{row['sentence2']}", str(row["label"])


def sentences(row: Mapping[str, Any]) -> Pair:
    return f"文1：{row['sentence1']}\n文2：{row['sentence2']}", str(row["label"])


# The instructions are part of the benchmark: a model is asked in upstream's words (llm-jp-eval, Apache-2.0).
JGLUE = {
    "jcommonsenseqa": Task(
        "質問と回答の選択肢を入力として受け取り、選択肢から回答を選択してください。なお、回答は選択肢の番号（例：0）でする"
        "ものとします。 回答となる数値をint型で返し、他には何も含めないことを厳守してください。",
        1,
        ("exact_match",),
        choices,
    ),
    "jnli": Task(
        "前提と仮説の関係をentailment、contradiction、neutralの中から回答してください。それ以外には何も含めないことを厳守"
        "してください。\n\n制約：\n"
        "- 前提から仮説が、論理的知識や常識的知識を用いて導出可能である場合はentailmentと出力\n"
        "- 前提と仮説が両立しえない場合はcontradictionと出力\n- そのいずれでもない場合はneutralと出力",
        3,
        ("exact_match",),
        premise,
    ),
    "jsts": Task(
        "日本語の文ペアの意味がどのくらい近いかを判定し、類似度を0.0〜5.0までの間の値で付与してください。0.0に近いほど文ペア"
        "の意味が異なり、5.0に近いほど文ペアの意味が似ていることを表しています。整数値のみを返し、それ以外には何も含めないこと"
        "を厳守してください。",
        3,
        ("pearson", "spearman"),
        sentences,
    ),
}
JMMLU = Task(  # in our own words
    "質問に最も合う選択肢を一つ選び、そのアルファベット（例：A）だけを答えてください。",
    1,
    ("exact_match",),
    lambda row: (
        f"質問：{row['question']}\n選択肢：" + ",".join(f"{x}.{row[x]}" for x in "ABCD"),
        row["answer"],
    ),
)


def jglue(name: str, *, valid: Path, train: Path | None, out: Path) -> dict[str, int]:
    """Write the files of jcommonsenseqa, jnli or jsts below `out` from JGLUE's JSON lines; samples a split.

    As upstream does: the validation set is `test`, in its order; the training set, shuffled by seed 42, is nine
    tenths `train` and one tenth `dev`. Upstream takes JGLUE v1.1, and a later version gives other samples.
    Raises UsageError with file:line for a row that is not so.
    """
    if name not in JGLUE:
        raise UsageError(f"there is no converter for {name!r}{nearest(name, JGLUE)}")
    task = JGLUE[name]
    written = {"test": prepared(out, "test", name, task, [*samples(valid, task)])}
    if train:
        known = [*samples(train, task)]
        random.Random(42).shuffle(known)
        cut = int(len(known) * 0.9)
        for split, some in (("train", known[:cut]), ("dev", known[cut:])):
            written[split] = prepared(out, split, name, task, some)
    return written


def jmmlu(folder: Path, *, out: Path) -> dict[str, int]:
    """Write the file of jmmlu below `out` from JMMLU's CSV files, one a subject; samples a split.

    `train` holds the four rows whose hashes are lowest, `test` all others, by file name and line. Upstream's own
    choice of rows and its instruction are not known here, so scores are not comparable to the last point.
    Raises UsageError with file:line for a row that is not question, four choices, letter.
    """
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise UsageError(
            f"{folder}: there is no CSV file of JMMLU; give the folder that holds JMMLU's *.csv files, one a subject"
        )
    rows = [JMMLU.sample(row) for file in files for row in subject(file)]
    chosen = set(sorted(rows, key=lambda row: hashlib.sha256(row[0].encode()).digest())[:SHOTS])
    return {
        "train": prepared(out, "train", "jmmlu", JMMLU, [row for row in rows if row in chosen]),
        "test": prepared(out, "test", "jmmlu", JMMLU, [row for row in rows if row not in chosen]),
    }


def samples(path: Path, task: Task) -> Iterator[Pair]:
    for line, row in read_objects(path):
        try:
            yield task.sample(row)
        except KeyError as error:
            raise UsageError(
                f"{path}:{line}: the row has no {error}; give the dataset's file as it is released"
            ) from None


def subject(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            for cells in reader:
                question, *options, answer = (cell.strip() for cell in cells)
                if len(options) != 4 or answer not in tuple("ABCD"):
                    raise UsageError(
                        f"{path}:{reader.line_num}: a row is a question, four choices and A, B, C or D; "
                        f"this one has {len(cells)} cells and ends with {answer!r}"
                    )
                yield {"question": question, **dict(zip("ABCD", options, strict=True)), "answer": answer}
        except (csv.Error, UnicodeDecodeError, ValueError) as error:
            if isinstance(error, UsageError):
                raise
            raise UsageError(f"{path}:{reader.line_num}: {error}") from None


def prepared(out: Path, split: str, name: str, task: Task, some: Iterable[Pair]) -> int:
    """Write a file of samples; returns how many."""
    rows = [{"input": asked, "output": gold} for asked, gold in some]
    path = out / split / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(
        path,
        {
            "instruction": task.instruction,
            "output_length": task.output_length,
            "metrics": [*task.metrics],
            "few_shots": [],
            "samples": rows,
        },
    )
    return len(rows)
