"""axolotl: its YAML, judged by its own schema and key by key, its launcher, its Hugging Face directory taken back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec

from komainu import program
from komainu.environment import Environment
from komainu.errors import UsageError
from komainu.settings import Trainer, TrainerName
from komainu.train.base import Fit
from komainu.train.dpo import DPO
from komainu.train.engines.base import Engine, Keys, Session, Site, cut, placed
from komainu.train.losses.base import Loss
from komainu.train.losses.hinge import Hinge
from komainu.train.losses.ipo import IPO
from komainu.train.losses.robust import Robust
from komainu.train.losses.sigmoid import Sigmoid

ENVIRONMENT = Environment(
    name="axolotl",
    steps=(("torch==2.13.0",), ("torch==2.13.0", "axolotl==0.19.0")),
    pins=Path(__file__).with_suffix(".txt").read_text(encoding="utf-8"),
)
PLACING = frozenset(
    (
        *("attn_implementation", "deepspeed", "fsdp_config", "fsdp_version", "plugins", "torch_compile"),
        *("gradient_checkpointing", "gradient_checkpointing_kwargs", "activation_offloading"),
        *("dataloader_num_workers", "dataset_num_proc", "save_steps", "save_total_limit", "logging_steps"),
        *("liger_rope", "liger_rms_norm", "liger_glu_activation", "liger_fused_linear_cross_entropy"),
    )
)
SHARDED = ("deepspeed", "fsdp_config")  # either keeps float32 weights beside bfloat16 ones


@dataclass(frozen=True, kw_only=True)
class Axolotl(Engine):
    """An SFT or DPO stage trained by axolotl.

    SFT rows lie in its file in the order in which our own loop would draw them, once for each time they are trained,
    and it reads them one after the other; so batches go on across epochs as ours do. A DPO's prompts and answers are
    rendered here with the base's template: axolotl would look for an answer in a rendered dummy chat, and finds a
    short one inside the template's own text. Rows are padded, not packed: packed, its batch would count other things
    than rows.

    `micro_batch` is how many rows are taken at a time. In SFT it is part of what is learnt, so it is no setting:
    axolotl takes the mean over the target tokens of each micro-batch and then the mean of these, where our own loop
    and OpenRLHF let every target token of the global batch weigh the same.

    `precision` "bfloat16" needs DeepSpeed or FSDP in the settings, which keep float32 weights beside: without, axolotl
    trains bfloat16 weights alone.

    `sequence_parallel` is how many GPUs share a row, each a stretch of it (ring attention; needs flash-attn and
    ring-flash-attn in `environment`). It too is learnt from: each stretch's mean weighs the same.
    Source: axolotl 0.19.0, `axolotl/utils/schemas/config.py`.
    """

    name: ClassVar[TrainerName] = "axolotl"
    placing: ClassVar[frozenset[str]] = PLACING
    environment: Environment = ENVIRONMENT
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    micro_batch: int = 1
    sequence_parallel: int = 1

    def refused(self) -> Iterator[str]:
        yield from super().refused()
        if self.micro_batch < 1:
            yield f"micro_batch is {self.micro_batch}; it must be at least 1"
        if self.sequence_parallel < 1:
            yield f"sequence_parallel is {self.sequence_parallel}; it must be at least 1"
        if isinstance(self.of, DPO):
            if self.of.sft:
                yield f"of.sft {self.of.sft}: axolotl has no such term in the way it is meant here"
            if loss_keys(self.of.objective) is None:
                told = type(self.of.objective).__name__
                yield f"of.objective {told}: only Sigmoid, Robust, Hinge and IPO(per_token=True) are the same there"

    def at_once(self, here: Trainer) -> int:
        return self.micro_batch

    def along(self, here: Trainer) -> int:
        return self.sequence_parallel

    def unfit(self, here: Trainer) -> Iterator[str]:
        if here.micro_batch != 1:
            yield "trainers.axolotl.micro_batch: with axolotl it changes what is learnt; give Axolotl(micro_batch=...)"
        if self.precision == "bfloat16" and not any(key in here.keys for key in SHARDED):
            yield (
                "Axolotl.precision 'bfloat16': without deepspeed or fsdp_config in trainers.axolotl.keys axolotl keeps "
                "no float32 weights; add one, or take precision='float32'"
            )

    def keys(self, site: Site, here: Trainer) -> Keys:
        fit = self.of.fit
        return {
            "base_model": site.model,
            **(self.preferences() if isinstance(self.of, DPO) else self.chats()),
            "datasets": [{"path": site.data, "ds_type": "json", "split": "train", **self.reading()}],
            "dataset_prepared_path": f"{site.out}-prepared",
            "val_set_size": 0,
            "sequence_len": site.context,
            "excess_length_strategy": "raise",
            "sample_packing": False,
            "pad_to_sequence_len": False,
            "micro_batch_size": self.micro_batch,
            "gradient_accumulation_steps": cut(fit.global_batch, here, self.micro_batch, self.along(here)),
            "max_steps": site.steps,
            "optimizer": "adamw_bnb_8bit" if fit.optimizer == "adamw8bit" else "adamw_torch",
            "learning_rate": fit.lr,
            "adam_beta1": fit.betas[0],
            "adam_beta2": fit.betas[1],
            "adam_epsilon": 1e-8,
            "weight_decay": fit.weight_decay,
            "max_grad_norm": fit.max_norm,
            **schedule(fit),
            "warmup_steps": site.warm,
            **({"neftune_noise_alpha": fit.neftune} if fit.neftune else {}),
            "seed": fit.seed,
            "bf16": self.precision == "bfloat16",
            "fp16": False,
            "tf32": False,
            **self.attention(),
            "gradient_checkpointing": False,
            "logging_steps": 1,
            **({"auto_resume_from_checkpoints": True} if "save_steps" in here.keys else {"save_strategy": "no"}),
            "output_dir": site.out,
            **placed(self.name, here, self.placing),
        }

    def chats(self) -> Keys:
        return {"chat_template": "tokenizer_default", "curriculum_sampling": True, "num_epochs": 1}

    def preferences(self) -> Keys:
        assert isinstance(self.of, DPO)
        return {"chat_template": "tokenizer_default", "rl_beta": self.of.objective.beta} | (
            loss_keys(self.of.objective) or {}
        )

    def attention(self) -> Keys:
        if self.sequence_parallel == 1:
            return {"attn_implementation": "sdpa"}
        return {"attn_implementation": "flash_attention_2", "context_parallel_size": self.sequence_parallel}

    def reading(self) -> Keys:
        """How axolotl reads the file."""
        if isinstance(self.of, DPO):
            return {"type": "passthrough.default"}
        return {
            "type": "chat_template",
            "field_messages": "messages",
            "roles_to_train": ["assistant"],
            "train_on_eos": "turn",
        }

    def rendered(self, keys: Keys) -> str:
        note = f"# fit.micro_tokens ({self.of.fit.micro_tokens}) is not used: Axolotl.micro_batch is in its place\n"
        return note + "".join(f"{key}: {yaml(value)}\n" for key, value in keys.items())

    def layout(self, tokenizer: Any, rows: list[Any], steps: int) -> Iterator[tuple[str, dict[str, Any]]]:
        from komainu.train.engines.lines import drawn, messages, texts_of

        if isinstance(self.of, DPO):
            yield from texts_of(tokenizer, rows)
        else:
            yield from ((row.id, messages(row)) for row in drawn(rows, self.of.fit, steps))

    def validate(self, session: Session, keys: Keys) -> None:
        config, said = session.folder / "config.yaml", session.folder / "verdict.json"
        config.write_text(self.rendered(keys), encoding="utf-8")
        script = str(Path(__file__).with_name("axolotl_check.py"))
        program.run([str(session.python), script, str(config), str(said)], session.folder, session.variables())
        verdict = msgspec.json.decode(said.read_bytes(), type=dict[str, list[str]])
        if wrong := [f"{key} is no key of it" for key in verdict["unknown"]] + verdict["problems"]:
            raise UsageError(f"axolotl refuses its config {config}: {'; '.join(wrong)}")

    def launch(self, session: Session, keys: Keys) -> None:
        config, many = str(session.folder / "config.yaml"), session.here.gpus > 1
        how = ["torchrun", "--", f"--nproc_per_node={session.here.gpus}"] if many else ["python"]
        command = [str(session.python), "-m", "axolotl.cli.main", "train", config, "--launcher", *how]
        program.run(command, session.folder, session.variables())

    def losses(self, said: str) -> list[float]:
        return [float(found) for found in re.findall(r"^\{'loss': '?([0-9.e+-]+)", said, re.MULTILINE)]


def schedule(fit: Fit) -> Keys:
    if fit.schedule == "cosine" and fit.floor:
        return {"lr_scheduler": "cosine_with_min_lr", "lr_scheduler_kwargs": {"min_lr_rate": fit.floor}}
    return {"lr_scheduler": {"constant": "constant_with_warmup"}.get(fit.schedule, fit.schedule)}


def loss_keys(loss: Loss) -> Keys | None:
    """The keys of a loss that is the same in TRL, which axolotl runs; None for any other."""
    if type(loss) is IPO:
        return {"rl": "ipo"} if loss.per_token else None
    if type(loss) is Sigmoid:
        return {"rl": "dpo"} | ({"dpo_label_smoothing": loss.smoothing} if loss.smoothing else {})
    if type(loss) is Robust:
        return {"rl": "dpo", "dpo_loss_type": ["robust"], "dpo_label_smoothing": loss.flipped}
    return {"rl": "dpo", "dpo_loss_type": ["hinge"]} if type(loss) is Hinge else None


def yaml(value: Any) -> str:
    """A value as YAML 1.1 reads it back: JSON, but for floats, which need a point there."""
    if isinstance(value, float):
        text = repr(value)
        return text if "." in text else text.replace("e", ".0e")
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(k))}: {yaml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(yaml, value)) + "]"
    return json.dumps(value)
