"""The textbook's teacher and graders over the OpenAI protocol: `python -m komainu.data.textbook.server --port 8000`."""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import signal
import sys
from dataclasses import fields, replace
from functools import partial
from typing import Any

from aiohttp import web

from komainu.data.textbook.grader import GRADERS, judge
from komainu.data.textbook.grading import grade
from komainu.data.textbook.habits import HABITS
from komainu.data.textbook.teacher import Faults, answer
from komainu.errors import UsageError, nearest
from komainu.models.receiving import body_of, clear_errors, health, messages_of, whole
from komainu.rows import Message

NAME = "textbook"
CLEAN = Faults(**{f.name: 0.0 for f in fields(Faults)})
ODD = replace(CLEAN, **dict.fromkeys(HABITS, 0.05))
RATES = {f"{NAME}-clean": CLEAN, f"{NAME}-odd": ODD}
NAMES = (NAME, *RATES, *GRADERS)
FAULTS = web.AppKey("faults", Faults)


def app(faults: Faults | None = None) -> web.Application:
    """The application; `faults` are the rates of the model named `textbook`.

    Covers chat completions (one choice, not streamed), a grader's mark as a reward model gives it, the list of models,
    and health. Sampling
    parameters other than `seed` and `max_tokens` change nothing: teacher and graders have none.
    """
    served = web.Application(middlewares=[clear_errors])
    served[FAULTS] = faults or Faults()
    served.router.add_post("/v1/chat/completions", complete)
    served.router.add_post("/classify", classify)
    served.router.add_get("/v1/models", models)
    served.router.add_get("/health", health)
    return served


def faults_of(model: str, rates: Faults) -> Faults:
    """The fault rates that a model's name asks for.

    `textbook` has `rates`, `textbook-clean` none, `textbook-odd` those of `habits` alone, each in 5 of 100 answers;
    `textbook@leak=0.5,casual=0` those with changes.
    """
    name, _, changes = model.partition("@")
    if name not in (NAME, *RATES):
        raise UsageError(f"model {model!r} is not served here{nearest(name, NAMES)}")
    wanted: dict[str, Any] = {}
    for change in filter(None, changes.split(",")):
        key, _, value = change.partition("=")
        try:
            wanted[key] = float(value)
        except ValueError:
            raise UsageError(
                f"model {model!r}: {change!r} is not of the form fault=rate; write textbook@extra_text=0.4"
            ) from None
    return changed(RATES.get(name, rates), wanted, f"model {model!r}")


def changed(rates: Faults, wanted: dict[str, Any], at: str) -> Faults:
    known = [f.name for f in fields(Faults)]
    for key, value in wanted.items():
        if key not in known:
            raise UsageError(f"{at}: no fault is called {key!r}{nearest(key, known)}")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise UsageError(f"{at}: the rate of {key} must be a number from 0 to 1, not {value!r}")
    return replace(rates, **wanted)


async def models(request: web.Request) -> web.Response:
    served = [{"id": name, "object": "model", "owned_by": "komainu"} for name in NAMES]
    return web.json_response({"object": "list", "data": served})


async def complete(request: web.Request) -> web.Response:
    return web.json_response(completion(await body_of(request), request.app[FAULTS]))


async def classify(request: web.Request) -> web.Response:
    return web.json_response(classified(await body_of(request)))


def classified(asked: dict[str, Any]) -> dict[str, Any]:
    """A grader's mark of a conversation that ends with an answer, in the form of vLLM's reward models."""
    model, (*before, last) = asked.get("model", ""), messages_of(asked.get("messages"))
    if model not in GRADERS:
        raise UsageError(f"model {model!r} gives no marks here{nearest(str(model), GRADERS)}")
    if last.role != "assistant":
        raise UsageError(f"the last message is of role {last.role}; a mark is of an answer")
    turns = tuple(m for m in before if m.role != "system")
    mark = grade(turns, last.content, GRADERS[model].manner).mark
    used = sum(len(m.content) for m in (*before, last))
    return {
        "id": "classify-0",
        "object": "list",
        "created": 0,
        "model": model,
        "data": [{"index": 0, "label": None, "probs": [float(mark)], "num_classes": 1}],
        "usage": {"prompt_tokens": used, "total_tokens": used, "completion_tokens": 0},
    }


def completion(asked: dict[str, Any], rates: Faults) -> dict[str, Any]:
    """The protocol's answer to one request; raises UsageError naming the field that is wrong.

    Token counts are counts of characters. `fault` beside the content is the teacher's label; graders give none.
    """
    model = asked.get("model", NAME)
    if not isinstance(model, str):
        raise UsageError(f"model must be a string, not {model!r}")
    messages = messages_of(asked.get("messages"))
    seed = whole(asked, "seed", least=None) or 0
    limit = whole(asked, "max_completion_tokens") or whole(asked, "max_tokens")
    if asked.get("n", 1) != 1 or asked.get("stream"):
        raise UsageError("n must be 1 and stream false: this server gives one whole answer a request")
    text, beside = said(model, messages, seed, rates)
    finish = "stop"
    if limit is not None and len(text) > limit:
        text, beside, finish = text[:limit], dict.fromkeys(beside, "truncated"), "length"
    asked_for, given = sum(len(m.content) for m in messages), len(text)
    return {
        "id": f"chatcmpl-{seed}",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, **beside},
                "finish_reason": finish,
            }
        ],
        "usage": {
            "prompt_tokens": asked_for,
            "completion_tokens": given,
            "total_tokens": asked_for + given,
        },
    }


def said(model: str, messages: tuple[Message, ...], seed: int, rates: Faults) -> tuple[str, dict[str, str]]:
    """What a model says, and what stands beside it: the teacher's label."""
    if grader := GRADERS.get(model):
        return judge(messages, grader), {}
    text, fault = answer(messages, seed, faults_of(model, rates))
    return text, {"fault": fault}


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends. Linux only; elsewhere it does nothing."""
    if sys.platform == "linux":
        set_parent_death_signal = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>
        parent = os.getppid()
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the request reached the kernel
            os.kill(os.getpid(), signal.SIGTERM)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 takes any free port, which is printed")
    parser.add_argument("--faults", default="{}", help='rates as JSON, for example {"leak": 0.2}')
    parser.add_argument("--with-parent", action="store_true", help="end when the parent process ends")
    options = parser.parse_args(arguments)
    if options.with_parent:
        die_with_parent()
    try:
        rates = json.loads(options.faults)
        if not isinstance(rates, dict):
            raise UsageError("--faults must be a JSON object")
        served = app(changed(Faults(), rates, "--faults"))
    except ValueError as problem:
        parser.error(str(problem))
    web.run_app(served, host=options.host, port=options.port, print=partial(print, flush=True))


if __name__ == "__main__":
    main()
