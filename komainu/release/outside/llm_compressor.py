"""Run by llm-compressor's Python: `llm_compressor.py JOB.json` compresses a model as the job says."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main(file: str) -> None:
    from llmcompressor import oneshot
    from llmcompressor.modifiers.quantization import QuantizationModifier
    from llmcompressor.modifiers.transform.awq import AWQModifier
    from transformers import AutoModelForCausalLM, AutoTokenizer

    job: dict[str, Any] = json.loads(Path(file).read_text(encoding="utf-8"))
    model = AutoModelForCausalLM.from_pretrained(job["model"], dtype="auto", local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(job["model"], local_files_only=True)
    recipe = [QuantizationModifier(targets=["Linear"], scheme=job["scheme"], ignore=["lm_head"])]
    how: dict[str, Any] = {}
    if job["chats"]:
        from datasets import Dataset

        texts = [tokenizer.apply_chat_template(chat, tokenize=False) for chat in job["chats"]]
        rows = [
            tokenizer(text, add_special_tokens=False, truncation=True, max_length=job["tokens"]).data for text in texts
        ]
        how = {
            "dataset": Dataset.from_list(rows),
            "max_seq_length": job["tokens"],
            "num_calibration_samples": len(rows),
        }
        recipe.insert(0, AWQModifier())
    oneshot(model=model, tokenizer=tokenizer, recipe=recipe, **how)
    model.save_pretrained(job["out"], save_compressed=True)
    tokenizer.save_pretrained(job["out"])
    print(json.dumps({"scheme": job["scheme"], "calibrated_on": len(job["chats"])}))


if __name__ == "__main__":
    main(sys.argv[1])
