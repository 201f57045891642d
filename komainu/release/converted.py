"""What `GGUF` does: run the converter, read its file back, load it and let it answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from komainu.context import Context
from komainu.environment import bare
from komainu.errors import GateFailed, UsageError
from komainu.models.base import Question
from komainu.models.template import PROBES, rendered
from komainu.release.splitting import KNOWN, Splitting, byte_level, splitting
from komainu.release.texts import agreed, expected
from komainu.rows import Message
from komainu.store import WORK

if TYPE_CHECKING:
    from komainu.release.gguf import GGUF

SCRIPT = "convert_hf_to_gguf.py"
FILE = "model.gguf"
UNKNOWN = "pre-tokenizer was not recognized"  # what the converter says of a tokenizer that is not in its list
SPLITS = ", ".join(sorted({*KNOWN.values()}))
LINES = 8  # of a program's output shown when it fails
CONVERT, ANSWERS = (Path(__file__).parent / "outside" / name for name in ("gguf_convert.py", "gguf_answers.py"))
TOKENS = 24  # of an answer


def convert(stage: GGUF, out: Path, ctx: Context) -> dict[str, Any]:
    """The file in `out`; the summary has what was read back, and `answer`, `agreement` and `split`: all None where
    nothing here can load the file."""
    script = converter(ctx.settings.llama_cpp)
    source, file = ctx.open(stage.model).path, out / FILE
    found, loads = splitting(source), find_spec("llama_cpp") is not None
    if found and not found.own:
        may_be_near(stage, found, loads)
    words = [str(CONVERT), str(script), found.name] if found else [str(script)]
    with ctx.progress(3, "gguf") as bar:
        try:
            run([sys.executable, *words, str(source), "--outfile", str(file), "--outtype", stage.kind])
        except UsageError as error:
            raise not_split(stage, source) if UNKNOWN in str(error) else error from None
        bar.update()
        facts = read_back(file, source)
        bar.update()
        told: dict[str, Any] = {"answer": None, "agreement": None, "split": None}
        if loads:
            with TemporaryDirectory(dir=out / WORK) as folder:
                told = loaded(stage, file, source, Path(folder), ctx)
                if told["split"]:
                    told["split"] = agreed(told["split"], own=found is None or found.own)
        bar.update()
    return {**facts, "bytes": file.stat().st_size, **told}


def may_be_near(stage: GGUF, found: Splitting, loads: bool) -> None:
    """Raises UsageError where a splitting that is not the tokenizer's own would be taken with nothing to measure it."""
    if stage.texts is None or not loads:
        raise UsageError(
            f"the tokenizer of {stage.model.label} splits text as llama.cpp cannot; {found.name} is the nearest that "
            "it has. To take that, give GGUF `texts`, a stage with chats on which it must hold, and install "
            "komainu[llama], whose runtime measures it; or give a model whose tokenizer splits as "
            f"{SPLITS} does"
        )


def not_split(stage: GGUF, source: Path) -> UsageError:
    """What to tell where neither the converter nor splitting.py knows the tokenizer."""
    told = byte_level(source)
    return UsageError(
        f"the tokenizer of {stage.model.label} splits text as llama.cpp cannot: pre_tokenizer of its tokenizer.json is "
        f"{json.dumps(told and told['pre_tokenizer'], ensure_ascii=False)}. No file was written. Serve it with "
        f"`komainu serve` or vLLM, or give one whose tokenizer splits as {SPLITS} does"
    )


def loaded(stage: GGUF, file: Path, source: Path, folder: Path, ctx: Context) -> dict[str, Any]:
    """What the loaded file answers, how near it is to the model, in float32, on the prompt and on those probes that its
    chat template takes, and how many of `texts` it splits otherwise. Raises GateFailed for an empty answer, and where
    the two differ too much."""
    import torch

    from komainu.models.engine import load, weight_bytes
    from komainu.release.agreement import LIMITS, agreement, said

    model = load(source, weight_bytes(source), torch.device("cpu"), torch.float32, None)
    name, texts = str(source), list[str]()
    for messages in ((Message("user", stage.prompt),), *PROBES):
        with suppress(UsageError):
            texts += rendered(model.tokenizer, [Question(messages)], name)
    wanted: list[list[int]] = model.tokenizer(texts, add_special_tokens=False)["input_ids"]
    job = {"prompt": stage.prompt, "texts": texts, "tokens": TOKENS, "threads": ctx.settings.threads or os.cpu_count()}
    job |= {"context": max(map(len, wanted)) + TOKENS + 1, "split": ""}
    if stage.texts is not None:
        rows = ctx.open(stage.texts).rows()
        job["split"] = str(expected(model.tokenizer, rows, folder / "texts.jsonl"))
    told = json.loads(run([sys.executable, str(ANSWERS), str(file), str(folder)], json.dumps(job)).splitlines()[-1])
    if not told["answer"].strip():
        raise GateFailed(
            f"{file.name} was loaded, and answered {stage.prompt!r} with nothing"
            ": the file is not fit for use. Try another `kind`, or give a `prompt` that the model answers"
        )
    near = agreement(model.model, wanted, [*said(told, folder)], LIMITS[stage.kind])
    return {"answer": told["answer"], "agreement": near, "split": told["split"]}


def converter(folder: str) -> Path:
    """llama.cpp's script in its checkout; raises UsageError where there is none."""
    if not folder:
        raise UsageError(f"GGUF needs llama.cpp's {SCRIPT}: set `llama_cpp` in komainu.toml to a checkout of llama.cpp")
    if not (script := Path(folder).expanduser() / SCRIPT).is_file():
        raise UsageError(
            f"`llama_cpp` of komainu.toml is {folder}, which has no {SCRIPT}: set it to a checkout of llama.cpp"
        )
    return script


def run(command: Sequence[str], told: str = "") -> str:
    """What a program says that is told something; UsageError with its last words where it fails. It gets no keys."""
    done = subprocess.run(command, env=bare(), input=told, capture_output=True, text=True)
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
    pre = fields.get("tokenizer.ggml.pre")
    return {
        "architecture": architecture,
        "tensors": len(found.tensors),
        "tokens": count,
        "splitting": str(pre.contents()) if pre else None,
    }
