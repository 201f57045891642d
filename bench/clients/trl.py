"""TRL: SFTTrainer or DPOTrainer on rows in the order of their file; prints losses and the CPU time of every step."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

os.environ.update({"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""})

import torch
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer


class Clock(TrainerCallback):  # type: ignore[misc]
    """Wall and CPU seconds at the start and after every optimiser step."""

    def __init__(self) -> None:
        self.times: list[tuple[float, float]] = []

    def tick(self) -> None:
        self.times.append((time.perf_counter(), time.process_time()))

    def on_train_begin(self, *args: Any, **kwargs: Any) -> None:
        self.tick()

    def on_step_end(self, *args: Any, **kwargs: Any) -> None:
        self.tick()


def main(job: dict[str, Any], scratch: str) -> None:
    """`job` as bench.train writes it."""
    torch.set_num_threads(1)
    data = load_dataset("json", data_files=job["rows"], split="train", cache_dir=scratch)
    model = AutoModelForCausalLM.from_pretrained(job["model"], dtype=torch.float32, attn_implementation="sdpa")
    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    shared: dict[str, Any] = {
        "output_dir": f"{scratch}/out",
        "per_device_train_batch_size": job["micro"],
        "gradient_accumulation_steps": job["batch"] // job["micro"],
        "max_steps": job["steps"],
        "learning_rate": job["lr"],
        "lr_scheduler_type": "constant",
        "adam_beta2": 0.98,
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "train_sampling_strategy": "sequential",
        "gradient_checkpointing": False,
        "bf16": False,
        "use_cpu": True,
        "report_to": [],
        "logging_steps": 1,
        "save_strategy": "no",
        "seed": 0,
        "disable_tqdm": True,
    }
    clock = Clock()
    trainer: Any
    if job["kind"] == "sft":
        data = data.map(
            lambda row: {"prompt": row["messages"][:-1], "completion": row["messages"][-1:]},
            remove_columns=["messages"],
        )
        how: dict[str, Any] = {"padding_free": job["flat"], "max_length": None if job["flat"] else 1024}
        trainer = SFTTrainer(model, SFTConfig(**shared, **how), train_dataset=data, processing_class=tokenizer)
    else:
        before = time.process_time()
        how = {"beta": 0.1, "max_length": 1024, "precompute_ref_log_probs": True}
        trainer = DPOTrainer(model, None, DPOConfig(**shared, **how), train_dataset=data, processing_class=tokenizer)
        print(f"prepared in {time.process_time() - before:.1f} CPU s", file=sys.stderr)
    trainer.add_callback(clock)
    trainer.train()
    losses = [line["loss"] for line in trainer.state.log_history if "loss" in line]
    print("\n" + json.dumps({"times": clock.times, "losses": losses}), flush=True)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        main(json.load(file), sys.argv[2])
