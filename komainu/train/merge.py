"""Models made of models without training: merged, averaged, or in another dtype."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from komainu.context import Context
from komainu.stage import Stage, Weights, needs
from komainu.train.merging.base import Linear, Method

Dtype = Literal["float32", "bfloat16", "float16"]
MEAN = Linear()


@dataclass(frozen=True, kw_only=True)
class Merge(Stage):
    """Several models of one shape as one; tokenizer, template and config are those of the first.

    Without a `method` it is their mean, as of checkpoints. A method that merges changes needs the `base` that all were
    trained from. Computed in float32 or float64, tensor by tensor; stored in `dtype`, or as the first model's tensors
    are. Models whose configs, tokenizers or tensors differ in kind are refused. Not covered: other layers from other
    models, and merging of adapters.
    """

    makes = Weights
    models: tuple[Stage, ...]
    method: Method = MEAN
    base: Stage | None = None
    dtype: Dtype | None = None

    def check(self) -> Iterator[str]:
        for i, model in enumerate(self.models):
            yield from needs(self, f"models[{i}]", model, Weights)
        if len(self.models) < 2:
            yield f"Merge.models has {len(self.models)}; it takes two or more"
        name = type(self.method).__name__
        yield from (f"Merge.method {name}: {p}" for p in self.method.problems(len(self.models)))
        if self.base is not None:
            yield from needs(self, "base", self.base, Weights)
            if not self.method.on_base:
                yield f"Merge.base is not needed for {name}: leave it out"
        elif self.method.on_base:
            yield f"Merge.method {name} merges what the models changed: give the base they were trained from"

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.train.merged import merge

        return merge(self, out, ctx)


@dataclass(frozen=True, kw_only=True)
class Cast(Stage):
    """A model with its floating-point tensors in another dtype; a number that does not fit is refused."""

    makes = Weights
    model: Stage
    dtype: Dtype = "bfloat16"

    def check(self) -> Iterator[str]:
        yield from needs(self, "model", self.model, Weights)

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.train.merged import cast

        return cast(self, out, ctx)
