"""An adapter put beside a model's layers with PEFT, and merged into them, the logits compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, LoraModel
from safetensors.torch import save_file

from komainu.errors import GateFailed, UsageError
from komainu.train.adapter import Adapter
from komainu.train.base import Train, Unit
from komainu.train.flat import Flat, flatten
from komainu.train.render import Tokens
from komainu.train.weights import load_model, on_gpu

ADAPTER = "adapter"  # the folder of a model directory that has the adapter by itself
NAME = "default"  # what PEFT calls the adapter inside the model
APART = 1e-4  # how far merged logits may be from those of base and adapter, of the largest, or of 1; float32
LOOKED_AT, LAST = 4, 128  # units whose logits are compared, and tokens of each of their documents


class Attached:
    """A model whose layers have an adapter; only the adapter is trained. The model object stays the same."""

    def __init__(self, model: Any, adapter: Adapter, seed: int) -> None:
        self.config = LoraConfig(
            r=adapter.rank,
            lora_alpha=adapter.alpha,
            target_modules=[*adapter.targets] or "all-linear",
            use_dora=adapter.dora,
            lora_dropout=0.0,
            task_type="CAUSAL_LM",
        )
        with torch.random.fork_rng(devices=[]):  # of a CPU: an adapter's weights are drawn there
            torch.manual_seed(seed)
            try:
                self.tuner: Any = LoraModel(model, self.config, NAME)
            except ValueError as error:
                raise UsageError(
                    f"the adapter does not suit {type(model).__name__}: {error}; name layers that it has in `targets`"
                ) from None

    def settle(self) -> None:
        """Put a model that has waited on the GPU where there is one."""
        on_gpu(self.tuner.model, half=not self.config.use_dora)  # DoRA takes norms of them, in the precision they have

    @property
    def exact(self) -> bool:
        """Whether the frozen weights are held as they were loaded."""
        return all(p.dtype == torch.float32 for p in self.tuner.model.parameters())

    @property
    def trained(self) -> dict[str, torch.nn.Parameter]:
        return {n: p for n, p in self.tuner.model.named_parameters() if p.requires_grad}

    @contextmanager
    def off(self) -> Iterator[None]:
        """The model as it was before."""
        self.tuner.disable_adapter_layers()
        try:
            yield
        finally:
            self.tuner.enable_adapter_layers()

    def take(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Fill the adapter with trained weights, by name."""
        with torch.no_grad():
            for name, parameter in self.trained.items():
                parameter.copy_(weights[name])

    def save(self, out: Path) -> None:
        """A PEFT directory: adapter_config.json and adapter_model.safetensors, for PEFT and for vLLM."""
        out.mkdir()
        config = {k: sorted(v) if isinstance(v, set) else v for k, v in self.config.to_dict().items()}
        text = json.dumps({**config, "inference_mode": True}, indent=2, sort_keys=True)
        (out / "adapter_config.json").write_text(text + "\n", encoding="utf-8")
        tensors = {file_name(name): p.detach().cpu().contiguous() for name, p in self.trained.items()}
        save_file(tensors, out / "adapter_model.safetensors", metadata={"format": "pt"})

    def merge(self, units: Sequence[Unit]) -> float:
        """Merge the adapter into the model; returns how far apart the logits of some units are at most, as APART says.

        Raises GateFailed past it.
        """
        device = next(iter(self.trained.values())).device
        flat = flatten([[last(document) for document in u.documents] for u in units[:LOOKED_AT]], device)
        before = logits(self.tuner.model, flat)
        self.tuner.merge_and_unload(safe_merge=True)
        most = max(1.0, float(before.abs().max()))  # a float32 of a large model is not exact to 1e-4 past it
        apart = float((logits(self.tuner.model, flat) - before).abs().max()) / most
        if not apart <= APART:
            raise GateFailed(
                f"the merged model's logits are {apart:.1e} of the largest from those with the adapter beside it, "
                f"above {APART:g}: "
                "it cannot stand for the two. Leave layers out with `targets`, or train all weights"
            )
        return apart


def finished(
    stage: Train,
    attached: Attached,
    weights: Mapping[str, torch.Tensor] | None,
    source: Path,
    units: Sequence[Unit],
    out: Path,
) -> tuple[Any, dict[str, Any]]:
    """The merged model, and facts for the summary; the adapter by itself goes to `out`/adapter.

    `weights` are the trained ones of a sharded model. They, and those beside frozen ones in fewer bits, are put beside
    the base as it was, in the machine's memory: a GPU that was large enough for the training need not be for this.
    """
    assert stage.adapter is not None
    if weights is not None or not attached.exact:
        known = weights if weights is not None else {n: p.detach() for n, p in attached.trained.items()}
        attached = Attached(load_model(source, waits=True), stage.adapter, stage.fit.seed)
        attached.take(known)
    count = sum(p.numel() for p in attached.trained.values())
    attached.save(out / ADAPTER)
    apart = attached.merge(units)
    return attached.tuner.model, {"trained_parameters": count, "merged_logits_apart": apart}


@torch.no_grad()
def logits(model: Any, flat: Flat) -> torch.Tensor:
    """[T, vocabulary] logits at the target positions, float32."""
    given = {"input_ids": flat.ids, "position_ids": flat.layout.positions, "flat": flat.layout, "use_cache": False}
    found: torch.Tensor = model(**given, logits_to_keep=flat.rows).logits[0]
    return found


def last(document: Tokens) -> Tokens:
    """The end of a document, compared everywhere: no more than a processor does in a minute for a large model."""
    ids = document.ids[-LAST:]
    return document._replace(ids=ids, trained=[True] * len(ids))


def file_name(name: str) -> str:
    """What PEFT calls a parameter in its files: under the model that holds the adapters, without the adapter's name."""
    kept = name.replace(f".{NAME}.weight", ".weight")
    kept = kept.replace("lora_magnitude_vector.weight", "lora_magnitude_vector")
    return f"base_model.model.{kept}"
