"""OpenRLHF: its flags, parsed by its own parser, DeepSpeed's launcher, its Hugging Face directory taken back."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from komainu import program
from komainu.environment import Environment
from komainu.errors import UsageError
from komainu.settings import Trainer, TrainerName
from komainu.train.base import Fit
from komainu.train.dpo import DPO
from komainu.train.engines.base import Engine, Keys, Session, Site, cut, placed
from komainu.train.losses.ipo import IPO
from komainu.train.losses.sigmoid import Sigmoid

NEEDED = (  # of its requirements, what its SFT and DPO import; not vllm and ray, and flash-attn needs CUDA's compiler
    *("deepspeed==0.19.6", "transformers==5.15.0", "datasets", "accelerate", "peft", "einops", "torchdata", "aiohttp"),
    *("pylatexenc", "sympy", "tqdm", "numpy", "pillow", "packaging", "setuptools", "wheel"),
)
ENVIRONMENT = Environment(
    name="openrlhf",
    steps=(("torch==2.13.0",), ("torch==2.13.0", *NEEDED), ("--no-deps", "openrlhf==0.11.2")),
    pins=Path(__file__).with_suffix(".txt").read_text(encoding="utf-8"),
)
PLACING = frozenset(
    (
        *("ds.zero_stage", "ds.adam_offload", "ds.overlap_comm", "ds.attn_implementation", "ds.packing_samples"),
        *("ds.use_liger_kernel", "ds.zpg", "ds.grad_accum_dtype", "ds.deepcompile", "ds.tensor_parallel_size"),
        *("ds.ring_attn_size", "ds.ring_attn_head_stride"),
        *("model.gradient_checkpointing_enable", "model.gradient_checkpointing_reentrant", "ref.offload"),
        *("data.dataloader_num_workers", "ckpt.save_steps", "ckpt.max_num", "logger.logging_steps"),
    )
)
RING = "ds.ring_attn_size"  # sequence parallelism: so many GPUs share a row
SCRIPT = str(Path(__file__).with_name("openrlhf_run.py"))


@dataclass(frozen=True, kw_only=True)
class OpenRLHF(Engine):
    """An SFT or DPO stage trained by OpenRLHF: bfloat16 under DeepSpeed, which keeps float32 weights beside.

    It counts whole epochs and no steps, shuffles by a seed of its own, and leaves out rows that fill no whole batch.
    The environment made here has no flash-attn, which needs CUDA's compiler; without a GPU a stand-in takes its place
    (`openrlhf_run.py`), with one add a step ("flash-attn==2.8.3", "--no-build-isolation") to `environment`.
    Source: OpenRLHF 0.11.2, `openrlhf/cli/train_sft.py` and `train_dpo.py`.
    """

    name: ClassVar[TrainerName] = "openrlhf"
    placing: ClassVar[frozenset[str]] = PLACING
    environment: Environment = ENVIRONMENT

    @property
    def module(self) -> str:
        return "openrlhf.cli.train_dpo" if isinstance(self.of, DPO) else "openrlhf.cli.train_sft"

    def refused(self) -> Iterator[str]:
        yield from super().refused()
        fit = self.of.fit
        if fit.steps or fit.epochs != int(fit.epochs):
            yield f"fit.{'steps' if fit.steps else 'epochs'}: OpenRLHF trains whole epochs; give epochs, a whole number"
        if fit.optimizer == "adamw8bit":
            yield "fit.optimizer 'adamw8bit': OpenRLHF has no AdamW with 8-bit state; take adamw"
        if fit.neftune:
            yield f"fit.neftune {fit.neftune}: OpenRLHF has no noise on embeddings"
        if isinstance(self.of, DPO):
            if self.of.sft:
                yield f"of.sft {self.of.sft}: OpenRLHF's term is not proved to be the same"
            loss = self.of.objective
            if type(loss) is not Sigmoid and not (type(loss) is IPO and not loss.per_token):
                told = type(loss).__name__
                yield f"of.objective {told}: only Sigmoid and IPO(per_token=False) are the same in OpenRLHF"

    def at_once(self, here: Trainer) -> int:
        return here.micro_batch

    def along(self, here: Trainer) -> int:
        return int(here.keys.get(RING, 1)) * int(here.keys.get("ds.tensor_parallel_size", 1))

    def unfit(self, here: Trainer) -> Iterator[str]:
        if here.keys.get(RING, 1) > 1 and not here.keys.get("ds.packing_samples"):
            yield f'trainers.openrlhf.keys: "{RING}" needs "ds.packing_samples" = true beside it'

    def keys(self, site: Site, here: Trainer) -> Keys:
        fit = self.of.fit
        cut(fit.global_batch, here, here.micro_batch, self.along(here))
        return {
            "model.model_name_or_path": site.model,
            "data.dataset": site.data,
            **(self.preferences() if isinstance(self.of, DPO) else self.chats()),
            "data.apply_chat_template": True,
            "data.max_len": site.context,
            "data.max_samples": site.rows,
            "train.batch_size": fit.global_batch,
            "train.micro_batch_size": here.micro_batch,
            "train.max_epochs": int(fit.epochs),
            "train.seed": fit.seed,
            "optim": "adam",
            "adam.lr": fit.lr,
            "adam.betas": [*fit.betas],
            "adam.eps": 1e-8,
            "adam.weight_decay": fit.weight_decay,
            **schedule(fit),
            "lr_warmup_ratio": fit.warmup,
            "max_norm": fit.max_norm,
            "ds.param_dtype": "bf16",
            "ds.zero_stage": 2,
            "ds.attn_implementation": "sdpa",
            "ckpt.output_dir": site.out,
            "ckpt.path": f"{site.out}-checkpoints",
            "logger.logging_steps": 1,
            **({"ckpt.load_enable": True} if "ckpt.save_steps" in here.keys else {}),
            **placed(self.name, here, self.placing),
        }

    def chats(self) -> Keys:
        return {"data.input_key": "messages", "data.multiturn": True}

    def preferences(self) -> Keys:
        assert isinstance(self.of, DPO)
        loss = self.of.objective
        keys: Keys = {"data.prompt_key": "prompt", "model.beta": loss.beta}
        if isinstance(loss, IPO):
            return {**keys, "model.ipo_enable": True}
        return {**keys, "model.label_smoothing": loss.smoothing} if isinstance(loss, Sigmoid) else keys

    def rendered(self, keys: Keys) -> str:
        note = f"# fit.micro_tokens ({self.of.fit.micro_tokens}) is not used: --train.micro_batch_size is a setting\n"
        return note + " \\\n  ".join((self.module, *(shlex.join(flag) for flag in flags(keys)))) + "\n"

    def layout(self, tokenizer: Any, rows: list[Any], steps: int) -> Iterator[tuple[str, dict[str, Any]]]:
        from komainu.train.engines.lines import messages, turns_of

        yield from ((row.id, turns_of(row) if isinstance(self.of, DPO) else messages(row)) for row in rows)

    def validate(self, session: Session, keys: Keys) -> None:
        said = session.folder / "verdict.json"
        said.unlink(missing_ok=True)
        given = [part for flag in flags(keys) for part in flag]
        command = [str(session.python), SCRIPT, "check", str(said), self.module, *given]
        try:
            program.run(command, session.folder, session.variables(DS_ACCELERATOR="cpu"))
        except UsageError as error:
            if said.exists():
                raise
            raise UsageError(
                f"OpenRLHF refuses its flags: {error}; mend `keys` of [trainers.openrlhf] in komainu.toml"
            ) from None
        parsed = msgspec.json.decode(said.read_bytes(), type=dict[str, Any])
        if wrong := [
            f"--{key} {value!r} was read as {parsed.get(key)!r}"
            for key, value in keys.items()
            if parsed.get(key) != value
        ]:
            raise UsageError(f"OpenRLHF reads its flags otherwise: {'; '.join(wrong)}")

    def launch(self, session: Session, keys: Keys) -> None:
        given = [part for flag in flags(keys) for part in flag]
        if gpus := session.here.gpus:
            how = ["-m", "deepspeed.launcher.runner", "--num_gpus", str(gpus), "--module", self.module]
            program.run([str(session.python), *how, *given], session.folder, session.variables())
            return
        how = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "1", SCRIPT, "train", self.module]
        variables = session.variables(DS_ACCELERATOR="cpu", GLOO_SOCKET_IFNAME="lo")
        program.run([str(session.python), *how, *given], session.folder, variables)

    def losses(self, said: str) -> list[float]:
        return [float(found) for found in re.findall(r"\b(?:gpt_)?loss=([0-9.e+-]+)", said)]


def schedule(fit: Fit) -> Keys:
    if fit.schedule == "cosine":
        return {"lr_scheduler": "cosine_with_min_lr", "min_lr_ratio": fit.floor}
    return {"lr_scheduler": {"constant": "constant_with_warmup"}.get(fit.schedule, fit.schedule)}


def flags(keys: Keys) -> Iterator[list[str]]:
    """`--key value`; a truth is a flag alone, what is not true is left out."""
    for key, value in keys.items():
        if isinstance(value, bool):
            if value:
                yield [f"--{key}"]
        else:
            yield [f"--{key}", *map(str, value if isinstance(value, list) else [value])]
