"""Answering in this process: a Hugging Face model directory, its chat template, batched generation."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from msgspec import structs
from transformers import AutoModelForCausalLM
from transformers.utils import logging as transformers_logging

from komainu.errors import UsageError
from komainu.models.base import Model, Question, Reply, RopeScaling
from komainu.models.decode import Generated, Prompt, Watch, decode
from komainu.models.folder import load_config
from komainu.models.rope import SHORT, window_of
from komainu.models.seeds import seed_of
from komainu.models.template import token_ids, tokenizer_of
from komainu.settings import Settings
from komainu.spec import Spec
from komainu.thinking import apart

log = logging.getLogger("komainu")
LIGHT = 2 * 10**9  # bytes of weights up to which several models stay loaded
SPREAD, SLACK = 1.5, 32  # prompts generated together: up to so many times the shortest, and so many tokens more


@dataclass
class Loaded:
    """A model ready to answer."""

    model: Any
    tokenizer: Any
    stops: list[int]
    context: int  # tokens of prompt and answer together
    bytes: int

    def text(self, answers: Sequence[Sequence[int]]) -> list[str]:
        """What tokens say, special ones left out."""
        said: list[str] = self.tokenizer.batch_decode(
            answers, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return said

    def ends(self, texts: Sequence[str]) -> list[int]:
        """The tokens that end an answer: its own, and of the texts those that are special tokens."""
        special = {self.tokenizer.convert_ids_to_tokens(i): i for i in self.tokenizer.all_special_ids}
        return [*self.stops, *(special[text] for text in texts if text in special)]


class Engine:
    """Answers with the weights that a stage made; float32 on a CPU, bfloat16 on a GPU.

    Only safetensors of an architecture that transformers has are loaded: no code from the directory runs.
    `settings.batch` questions are taken at a time, those of like length generated together. A row's randomness
    comes from (model.seed, messages, sample) alone; its neighbours can still change the last bit of a logit, hence
    `batch_sensitive`. `settings.threads` sets torch's CPU threads for the process (0 leaves them: all cores).
    Not covered: several GPUs, models bigger than the device.
    """

    batch_sensitive = True

    def __init__(self, locate: Callable[[Spec], Path], settings: Settings, dtype: str = "auto") -> None:
        self.locate, self.settings = locate, settings
        self.loaded: dict[tuple[Path, RopeScaling | None], Loaded] = {}  # the most recent last
        self.lock = threading.Lock()
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        own = "bfloat16" if self.device.type == "cuda" else "float32"
        self.dtype: torch.dtype = getattr(torch, own if dtype == "auto" else dtype)

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        """One reply a question, in order; an empty one (`context_overflow`) to a prompt that leaves no room."""
        assert model.weights is not None, f"{model.name} has no weights: the router should not have sent it here"
        path = self.locate(model.weights)
        for start in range(0, len(questions), self.settings.batch):
            some = questions[start : start + self.settings.batch]
            with self.lock:
                replies = self._answer(self.open(path, model.rope), model, some)
            yield from replies

    def open(self, path: Path, rope: RopeScaling | None = None) -> Loaded:
        """The model of a directory, loaded once; not for several threads at a time."""
        if self.settings.threads:
            torch.set_num_threads(self.settings.threads)
        found = self.loaded.pop((path, rope), None)
        if found is None:
            size = weight_bytes(path)
            while self.loaded and sum(m.bytes for m in self.loaded.values()) + size > LIGHT:
                del self.loaded[next(iter(self.loaded))]
            log.info("load %s", path)
            found = load(path, size, self.device, self.dtype, rope)
        self.loaded[path, rope] = found
        return found

    def _answer(self, loaded: Loaded, model: Model, questions: Sequence[Question]) -> list[Reply]:
        prompts = [
            Prompt(ids, room(loaded, ids, model.max_tokens, question, model.name), seed_of(model, question, 63))
            for ids, question in zip(
                token_ids(loaded.tokenizer, questions, model.name, raw=model.raw), questions, strict=True
            )
        ]
        replies = answered(loaded, model, prompts)
        return [without_thinking(stopped(reply, model.stop)) for reply in replies]


def answered(loaded: Loaded, model: Model, prompts: Sequence[Prompt], watch: Watch | None = None) -> list[Reply]:
    """One reply a prompt, in order; of `model` only the sampling counts. `watch` hears each token as it comes.

    Of `model.stop` only special tokens end an answer here; `stopped` cuts at the others.
    """
    done = [Generated([], False)] * len(prompts)
    fitting = [i for i, p in enumerate(prompts) if p.room]
    for places in groups([len(prompts[i].ids) for i in fitting]):
        group = [fitting[n] for n in places]
        heard = None if watch is None else partial(relay, watch, group)
        answers = decode(loaded.model, [prompts[i] for i in group], loaded.ends(model.stop), model, heard)
        for i, answer in zip(group, answers, strict=True):
            done[i] = answer
    texts = loaded.text([m.said for m in done])
    return [Reply(text, finish(p, m), len(p.ids), len(m.ids)) for text, m, p in zip(texts, done, prompts, strict=True)]


def without_thinking(reply: Reply) -> Reply:
    thinking, said = apart(reply.text)
    return structs.replace(reply, text=said, thinking=thinking)


def stopped(reply: Reply, stops: Sequence[str]) -> Reply:
    """The reply up to the first of the stop texts."""
    text = until(reply.text, stops)
    return reply if text == reply.text else structs.replace(reply, text=text, finish="stop")


def until(text: str, stops: Sequence[str]) -> str:
    """The text before the first of the stop texts."""
    return text[: min((at for stop in stops if (at := text.find(stop)) >= 0), default=len(text))]


def finish(prompt: Prompt, made: Generated) -> str:
    """Why an answer ended."""
    return "stop" if made.stopped else "length" if prompt.room else "context_overflow"


def relay(watch: Watch, group: Sequence[int], row: int, token: int) -> None:
    watch(group[row], token)


def room(loaded: Loaded, ids: list[int], most: int, question: Question, name: str) -> int:
    """How many tokens the answer to a prompt may have; 0, and a warning, when the prompt leaves no room for one."""
    if not ids:
        raise UsageError(
            f"the chat template of {name!r} makes nothing of the prompt {beginning(question)!r}"
            "; mend the model's chat_template.jinja, or leave such prompts out"
        )
    if len(ids) >= loaded.context:
        log.warning("no answer: %s", cramped(loaded, ids, question, name))
    return min(max(0, loaded.context - len(ids)), most)


def cramped(loaded: Loaded, ids: list[int], question: Question, name: str) -> str:
    return (
        f"the prompt {beginning(question)!r} has {len(ids)} tokens, the maximum context length of {name!r} is "
        f"{loaded.context} tokens; shorten it, drop such rows before they are asked, or give a model trained on under "
        f"{SHORT} tokens RoPE scaling: Model(rope=RopeScaling(factor=2)), or --context of serve and chat"
    )


def load(path: Path, size: int, device: torch.device, dtype: torch.dtype, rope: RopeScaling | None) -> Loaded:
    """Read a model directory; raises UsageError when it is not one that can answer chats."""
    try:
        with quiet():
            config = load_config(path)
            if rope is not None:
                widen(config, rope, path)
            tokenizer = tokenizer_of(path)
            model = AutoModelForCausalLM.from_pretrained(
                path,
                config=config,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=True,
                dtype=dtype,
            )
    except UsageError:
        raise
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(
            f"{path} does not load as a causal language model: {error}"
            "; give a directory of a model that transformers knows as one"
        ) from None
    stops = stop_ids(model, tokenizer)
    if not stops:
        raise UsageError(f"{path} names no end-of-sequence token: set eos_token in tokenizer_config.json")
    config = model.config.get_text_config()
    context = getattr(config, "max_position_embeddings", None) or tokenizer.model_max_length
    return Loaded(model.to(device).eval(), tokenizer, stops, int(context), size)


def widen(config: Any, rope: RopeScaling, path: Path) -> None:
    """Give a transformers config the longer context: the stretched base, and no rule of transformers' own."""
    window = window_of(config.to_dict(), str(path))
    config.rope_parameters = {**config.rope_parameters, "rope_type": "default", "rope_theta": window.stretched(rope)}
    config.max_position_embeddings = window.context(rope)


def weight_bytes(path: Path) -> int:
    """The size of a directory's safetensors; raises UsageError when it holds no model."""
    size = sum(f.stat().st_size for f in path.glob("*.safetensors"))
    if not (path / "config.json").is_file() or not size:
        raise UsageError(f"{path} is not a model directory: it needs config.json and *.safetensors")
    return size


def stop_ids(model: Any, tokenizer: Any) -> list[int]:
    """Every token that ends an answer, by the generation config and by the tokenizer."""
    found: set[int] = set()
    for value in (model.generation_config.eos_token_id, model.config.eos_token_id, tokenizer.eos_token_id):
        if value is not None:
            found.update(value if isinstance(value, (list, tuple)) else [value])
    return sorted(found)


def groups(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices of prompts of like length, shortest first: padding a few to one long prompt would waste the batch."""
    group: list[int] = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if group and lengths[i] > SPREAD * lengths[group[0]] + SLACK:
            yield group
            group = []
        group.append(i)
    if group:
        yield group


def beginning(question: Question) -> str:
    """The first words of the last message, enough to find the row."""
    text = question.messages[-1].content if question.messages else ""
    return text if len(text) <= 60 else text[:60] + "..."


@contextmanager
def quiet() -> Iterator[None]:
    """Without transformers' progress bars, which write to stderr whatever it is."""
    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()
