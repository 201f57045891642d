"""A dataset's file, as llm-jp-eval v1.4.1 prepares it: read, and refused with the place where it is not so."""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec

from komainu.errors import UsageError
from komainu.eval.bench.llm_jp_eval.datasets import Dataset


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One input with its right output."""

    input: str
    output: str


class Prepared(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file: what the task is, how many tokens an answer may have, which metrics are meant, and the samples."""

    instruction: str
    output_length: int
    metrics: tuple[str, ...]
    samples: tuple[Sample, ...]
    few_shots: tuple[Sample, ...] = ()


def read(path: Path, dataset: Dataset) -> Prepared:
    """The file of a dataset. Raises UsageError with file and place for what is not as the schema says, and for a
    file that is not about the metric that counts."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Prepared)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"{path}: {error}; a file of v1.4.1 is an object with instruction, output_length, metrics, few_shots "
            "and samples of input and output"
        ) from None
    for wrong, what in (
        (found.output_length < 1, f"output_length is {found.output_length}; it must be 1 or more"),
        (not found.samples, "samples is empty; there is nothing to ask"),
        (
            dataset.metric not in found.metrics,
            f"metrics is {', '.join(found.metrics) or 'empty'}, but {dataset.metric} counts for {dataset.name}",
        ),
    ):
        if wrong:
            raise UsageError(f"{path}: {what}")
    if dataset.metric == "code_exec":
        for number, sample in enumerate(found.samples):
            if not asserts(sample.output):
                raise UsageError(f"{path}: samples[{number}].output holds no assert statements to run")
    return found


def asserts(code: str) -> bool:
    """Whether a text is Python that asserts something at its top level."""
    try:
        return any(isinstance(node, ast.Assert) for node in ast.parse(code).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
