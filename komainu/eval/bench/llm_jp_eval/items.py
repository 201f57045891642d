"""The items of llm-jp-eval: from the prepared files of v1.4.1 to prompts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from komainu.errors import UsageError, nearest
from komainu.eval.bench.llm_jp_eval.datasets import BENCH, DATASETS, Dataset
from komainu.eval.bench.llm_jp_eval.prompt import prompt
from komainu.eval.bench.llm_jp_eval.schema import Prepared, Sample, read
from komainu.eval.items import Items, Source
from komainu.files import write_rows
from komainu.rows import Chat, Message

if TYPE_CHECKING:
    from komainu.context import Context

Split = Literal["test", "dev"]


@dataclass(frozen=True, kw_only=True)
class LlmJpEvalItems(Items):
    """The prompts of the datasets whose files are there; row ids `llm-jp-eval-<dataset>-<number in the file>`.

    `source` is the local folder `evaluation` that the preprocessing of v1.4.1 leaves, with a file a dataset in
    `test`, `dev` and `train`. The examples of a prompt are the first ones of `train`, or else the file's own
    `few_shots`. `datasets` narrows it to some; () is all. `first` takes that many of each dataset, in the file's
    order, as upstream's max_num_samples does; 0: all.

    The summary tells which datasets are absent, which files of the folder are none of v1.4.1's, and for `dev`
    which files are those that upstream published hashes of.
    """

    source: Source
    split: Split = "test"
    shots: int = 4
    first: int = 0
    datasets: tuple[str, ...] = ()

    def check(self) -> Iterator[str]:
        yield from super().check()
        if self.source.repo:
            yield "LlmJpEvalItems.source is a hub repo; the prepared files are on no hub: give their local folder"
        if self.split not in get_args(Split):
            yield f"LlmJpEvalItems.split is {self.split!r}; it must be 'test' or 'dev'"
        for name in set(self.datasets) - DATASETS.keys():
            yield f"LlmJpEvalItems.datasets: there is no dataset {name!r}{nearest(name, DATASETS)}"
        for field in ("shots", "first"):
            if getattr(self, field) < 0:
                yield f"LlmJpEvalItems.{field} is {getattr(self, field)}; it must be 0 or more"

    def limited(self, n: int) -> Self:
        return replace(self, first=n)

    def read(self) -> Iterator[Chat]:
        there = [dataset for dataset in self.wanted() if self.file(dataset).is_file()]
        lacking = [name for name in self.datasets if name not in {dataset.name for dataset in there}]
        if lacking or not there:
            raise UsageError(
                f"{self.file(DATASETS[lacking[0]]) if lacking else self.folder}: no such file; the folder needs "
                "a file <dataset>.json for each dataset that is asked for"
            )
        for dataset in there:
            yield from self.prompts(dataset)

    def wanted(self) -> list[Dataset]:
        return [dataset for name, dataset in DATASETS.items() if not self.datasets or name in self.datasets]

    @property
    def folder(self) -> Path:
        return Path(self.source.path) / self.split

    def file(self, dataset: Dataset) -> Path:
        return self.folder / f"{dataset.name}.json"

    def prompts(self, dataset: Dataset) -> Iterator[Chat]:
        prepared = read(self.file(dataset), dataset)
        examples = self.examples(dataset, prepared)
        meta = {
            "bench": BENCH,
            "dataset": dataset.name,
            "lang": dataset.lang,
            "output_length": prepared.output_length,
            "source": f"llm-jp-eval/{dataset.name}",
            "licence": dataset.licence,
        }
        for number, sample in enumerate(prepared.samples[: self.first or None]):
            asked = Message("user", prompt(prepared.instruction, examples, sample.input))
            own = {"input": sample.input, "gold": sample.output}
            yield Chat(f"llm-jp-eval-{dataset.name}-{number}", (asked,), {**meta, **own})

    def examples(self, dataset: Dataset, prepared: Prepared) -> tuple[Sample, ...]:
        """The worked examples of a dataset's prompts; UsageError when there are too few."""
        n = min(self.shots, dataset.shots)
        train = self.folder.parent / "train" / f"{dataset.name}.json"
        found = read(train, dataset).samples if n and train.is_file() else prepared.few_shots
        if len(found) < n:
            raise UsageError(
                f"{train}: {len(found)} examples for the {n} that a prompt of {dataset.name} has; add the file with "
                "its samples, or ask for fewer (shots)"
            )
        return found[:n]

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        rows = self.rows()
        n = Counter(row.meta["dataset"] for row in rows)
        others = sorted(path.name for path in self.folder.glob("*.json") if path.stem not in DATASETS)
        summary = {
            "rows": write_rows(out / "rows.jsonl", rows),
            "datasets": {name: n[name] for name in DATASETS if n[name]},
            "absent": [name for name in DATASETS if not n[name]],
            "left_out": others,
        }
        if self.split == "dev":
            summary["as_published"] = [d.name for d in self.wanted() if n[d.name] and published(self.file(d), d)]
        return summary


def published(path: Path, dataset: Dataset) -> bool:
    """Whether a dev file is byte for byte the one that upstream published the hash of."""
    return hashlib.sha256(path.read_bytes()).hexdigest() == dataset.dev_sha256
