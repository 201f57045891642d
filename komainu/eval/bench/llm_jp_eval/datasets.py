"""The datasets of llm-jp-eval v1.4.1: category, the metric that counts, few-shot examples, language of the answer."""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import NamedTuple

from komainu.errors import UsageError, nearest
from komainu.rows import Chat

BENCH = "llm_jp_eval"  # meta.bench of the items


class Dataset(NamedTuple):
    """A row of datasets.tsv. `shots` is how many examples the prompt may hold (0: none, whatever is asked for).

    `dev_sha256` is the published hash of v1.4.1's file `evaluation/dev/<name>.json`.
    """

    category: str
    name: str
    metric: str
    shots: int
    lang: str
    licence: str
    dev_sha256: str


def table() -> dict[str, Dataset]:
    text = (files(__package__) / "datasets.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return {row["name"]: Dataset(**{**row, "shots": int(row["shots"])}) for row in rows}  # type: ignore[arg-type]


DATASETS = table()
CATEGORIES = tuple(dict.fromkeys(d.category for d in DATASETS.values() if d.category != "STS"))  # STS is no part
# of the average


def of_category(category: str) -> list[Dataset]:
    return [dataset for dataset in DATASETS.values() if dataset.category == category]


def dataset_of(chat: Chat) -> Dataset:
    """The dataset an item belongs to; UsageError with the row's id when its meta.dataset is none."""
    name = chat.meta.get("dataset")
    if not isinstance(name, str) or name not in DATASETS:
        raise UsageError(f"row {chat.id!r}: there is no dataset {name!r}{nearest(str(name), DATASETS)}")
    return DATASETS[name]


def gold_of(chat: Chat) -> str:
    """The right answer of an item, as its dataset has it; UsageError with the row's id when there is none."""
    gold = chat.meta.get("gold")
    if not isinstance(gold, str):
        raise UsageError(f"row {chat.id!r}: meta.gold must be a text, not {gold!r}")
    return gold
