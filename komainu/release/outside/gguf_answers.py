"""Run by a Python that has llama-cpp-python: `gguf_answers.py FILE FOLDER < JOB` loads a GGUF file and answers with it.

The job is {"prompt": text, "texts": [rendered prompts], "tokens": most of an answer, "context": tokens of both,
"threads": n, "split": a file with lines [text, tokens], or ""}. FOLDER gets a `logits-N.npy` a text, float32 of shape
(tokens, vocabulary): what the model says after each token of text and answer. Told on stdout: {"answer": to the prompt,
"asked": [tokens of each text], "said": [tokens of each answer], "split": of the lines how many were `read`, how many
the file splits `otherwise`, and the first of these; null without a file}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

SHOWN = 3


def main(file: str, folder: Path) -> None:
    import numpy as np
    from llama_cpp import Llama

    job: dict[str, Any] = json.load(sys.stdin)
    how = {"n_ctx": job["context"], "n_threads": job["threads"], "n_threads_batch": job["threads"], "n_gpu_layers": 0}
    model = Llama(model_path=file, seed=0, logits_all=True, verbose=False, **how)
    asked, said = [], []
    for number, text in enumerate(job["texts"]):
        ids = tokens(model, text)
        model.reset()
        model.eval(ids)
        answer: list[int] = []
        while len(answer) < job["tokens"]:
            answer.append(int(model.scores[model.n_tokens - 1].argmax()))
            if answer[-1] == model.token_eos():
                break
            model.eval(answer[-1:])
        np.save(folder / f"logits-{number}.npy", model.scores[: model.n_tokens], allow_pickle=False)
        asked.append(ids)
        said.append(answer)
    messages = [{"role": "user", "content": job["prompt"]}]
    told = model.create_chat_completion(messages, temperature=0.0, max_tokens=job["tokens"])
    split = differing(model, Path(job["split"])) if job["split"] else None
    answer = told["choices"][0]["message"]["content"]
    print(json.dumps({"answer": answer, "asked": asked, "said": said, "split": split}))


def tokens(model: Any, text: str) -> list[int]:
    found: list[int] = model.tokenize(text.encode(), add_bos=False, special=True)
    return found


def differing(model: Any, file: Path) -> dict[str, Any]:
    read, otherwise, first = 0, 0, list[str]()
    with file.open(encoding="utf-8") as lines:
        for text, wanted in map(json.loads, lines):
            read += 1
            if tokens(model, text) != wanted:
                otherwise += 1
                first += [text] if len(first) < SHOWN else []
    return {"read": read, "otherwise": otherwise, "such_as": first}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
