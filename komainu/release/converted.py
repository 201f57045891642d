"""What `GGUF` does: run the converter, read its file back, load it and let it answer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from komainu.context import Context
from komainu.environment import bare
from komainu.errors import GateFailed, UsageError

if TYPE_CHECKING:
    from komainu.release.gguf import GGUF

SCRIPT = "convert_hf_to_gguf.py"
FILE = "model.gguf"
LINES = 8  # of a program's output shown when it fails
ANSWER = """
import json, sys
from llama_cpp import Llama
model = Llama(model_path=sys.argv[1], n_ctx=256, n_gpu_layers=0, seed=0, verbose=False)
told = model.create_chat_completion([{"role": "user", "content": sys.argv[2]}], temperature=0.0, max_tokens=24)
print(json.dumps(told["choices"][0]["message"]["content"]))
"""


def convert(stage: GGUF, out: Path, ctx: Context) -> dict[str, Any]:
    """The file in `out`; the summary has what was read back, and `answer`: None where nothing here can load it."""
    script = converter(ctx.settings.llama_cpp)
    source, file = ctx.open(stage.model).path, out / FILE
    with ctx.progress(3, "gguf") as bar:
        run([sys.executable, str(script), str(source), "--outfile", str(file), "--outtype", stage.kind])
        bar.update()
        facts = read_back(file, source)
        bar.update()
        answer = None
        if find_spec("llama_cpp") is not None:
            answer = json.loads(run([sys.executable, "-c", ANSWER, str(file), stage.prompt]).splitlines()[-1])
            if not answer.strip():
                raise GateFailed(
                    f"{file.name} was loaded, and answered {stage.prompt!r} with nothing"
                    ": the file is not fit for use. Try another `kind`, or give a `prompt` that the model answers"
                )
        bar.update()
    return {**facts, "bytes": file.stat().st_size, "answer": answer}


def converter(folder: str) -> Path:
    """llama.cpp's script in its checkout; raises UsageError where there is none."""
    if not folder:
        raise UsageError(f"GGUF needs llama.cpp's {SCRIPT}: set `llama_cpp` in komainu.toml to a checkout of llama.cpp")
    if not (script := Path(folder).expanduser() / SCRIPT).is_file():
        raise UsageError(
            f"`llama_cpp` of komainu.toml is {folder}, which has no {SCRIPT}: set it to a checkout of llama.cpp"
        )
    return script


def run(command: Sequence[str]) -> str:
    """What a program says; UsageError with its last words where it fails. It gets no keys."""
    done = subprocess.run(command, env=bare(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        last = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).splitlines()[-LINES:])
        ended = f"{Path(command[1]).name} ended with {done.returncode}"
        raise UsageError(f"{ended}. Its last words:\n{last}\nMend what they name and run again")
    return done.stdout


def read_back(file: Path, source: Path) -> dict[str, Any]:
    """What the file says of itself; raises GateFailed where that is not the model's."""
    from gguf import GGUFReader

    found = GGUFReader(file)
    fields = {name: found.fields[name] for name in found.fields}
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    template = source / "chat_template.jinja"
    wrong = []
    if template.exists():
        told = fields.get("tokenizer.chat_template")
        if told is None or str(told.contents()).strip() != template.read_text(encoding="utf-8").strip():
            wrong.append("its chat template is not the model's")
    tokens = fields.get("tokenizer.ggml.tokens")
    count = len(tokens.data) if tokens else 0
    if count != config["vocab_size"]:
        wrong.append(f"it has {count} tokens, the model {config['vocab_size']}")
    architecture = str(fields["general.architecture"].contents())
    layers = fields.get(f"{architecture}.block_count")
    if layers is None or layers.contents() != config["num_hidden_layers"]:
        wrong.append("it has not as many layers as the model")
    if empty := [t.name for t in found.tensors if not t.n_elements]:
        wrong.append(f"{empty[0]} is empty")
    if wrong:
        raise GateFailed(
            f"{file.name} is not what it was made of: {'; '.join(wrong)}"
            ". Update the checkout of llama.cpp that `llama_cpp` names, and run again"
        )
    return {"architecture": architecture, "tensors": len(found.tensors), "tokens": count}
