"""A model directory behind the OpenAI protocol, in transformers: `python -m komainu.models.completions DIR`."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from komainu.errors import UsageError
from komainu.models.base import Model, Question, Reply, RopeScaling
from komainu.models.decode import Prompt
from komainu.models.desk import Desk, Order
from komainu.models.engine import Engine, Loaded, cramped, room
from komainu.models.receiving import body_of, clear_errors, health, messages_of, refusal, whole
from komainu.models.template import token_ids, tokenizer_of
from komainu.settings import Settings

# What other values of these ask for is not done here; a request that asks is refused, not half obeyed.
NEUTRAL: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "top_k": (0, -1),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "repetition_penalty": (1,),
    "logprobs": (False, 0),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "tools": ([],),
    "tool_choice": ("none", "auto"),
    "functions": ([],),
    "echo": (False,),
    "best_of": (1,),
    "response_format": ({"type": "text"},),
    "structured_outputs": ({},),
    "min_tokens": (0,),
    "ignore_eos": (False,),
    "stop_token_ids": ([],),
    "continue_final_message": (False,),
    "add_generation_prompt": (True,),
    "chat_template": ("",),
    "chat_template_kwargs": ({},),
}


class Served(NamedTuple):
    """What the handlers share. `tokenizer` is for the event loop's thread, the loaded model's own for the desk's."""

    name: str
    loaded: Loaded
    tokenizer: Any
    desk: Desk


SERVED = web.AppKey("served", Served)


def app(served: Served) -> web.Application:
    """Chat completions (one choice, streamed or whole), plain ones (whole), /v1/models, /tokenize, /health."""
    made = web.Application(middlewares=[clear_errors])
    made[SERVED] = served
    made.router.add_post("/v1/chat/completions", complete)
    made.router.add_post("/v1/completions", go_on)
    made.router.add_post("/tokenize", tokenize)
    made.router.add_get("/v1/models", models)
    made.router.add_get("/health", health)
    return made


async def models(request: web.Request) -> web.Response:
    served = request.app[SERVED]
    card = {"id": served.name, "object": "model", "owned_by": "komainu", "max_model_len": served.loaded.context}
    return web.json_response({"object": "list", "data": [card]})


async def tokenize(request: web.Request) -> web.Response:
    served, asked = request.app[SERVED], await body_of(request)
    (ids,) = token_ids(served.tokenizer, [Question(messages_of(asked.get("messages")))], served.name)
    return web.json_response({"count": len(ids), "max_model_len": served.loaded.context, "tokens": ids})


async def complete(request: web.Request) -> web.StreamResponse:
    served, asked = request.app[SERVED], await body_of(request)
    if asked.get("model", served.name) != served.name:
        return refusal(f"the model {asked['model']!r} is not served here, but {served.name!r}", 404)
    order = order_of(asked, served)
    if asked.get("stream"):
        return await stream(request, order, asked)
    reply = await asyncio.wrap_future(served.desk.take(order))
    return web.json_response(completion(served.name, reply))


async def go_on(request: web.Request) -> web.Response:
    """A text that the model goes on with, as it is: no chat template, no token added."""
    served, asked = request.app[SERVED], await body_of(request)
    if asked.get("model", served.name) != served.name:
        return refusal(f"the model {asked['model']!r} is not served here, but {served.name!r}", 404)
    if not isinstance(prompt := asked.get("prompt"), str) or not prompt:
        raise UsageError("prompt must be a text that is not empty")
    if asked.get("stream"):
        raise UsageError("stream is not covered for plain completions; leave it out")
    order = order_of({**asked, "messages": [{"role": "user", "content": prompt}]}, served, raw=True)
    reply = await asyncio.wrap_future(served.desk.take(order))
    choice = {"index": 0, "text": reply.text, "finish_reason": reply.finish}
    head = {"id": "cmpl-0", "object": "text_completion", "created": 0, "model": served.name}
    return web.json_response({**head, "choices": [choice], "usage": usage(reply)})


def order_of(asked: dict[str, Any], served: Served, *, raw: bool = False) -> Order:
    """A request as the desk takes it; raises UsageError naming the field that is wrong."""
    for key, fine in NEUTRAL.items():
        if asked.get(key) is not None and asked[key] not in fine:
            raise UsageError(f"{key} {asked[key]!r} is not covered by this server; leave it out")
    question = Question(messages_of(asked.get("messages")))
    sampling = Model(
        name=served.name,
        temperature=number(asked, "temperature", 1.0, most=100.0),
        top_p=number(asked, "top_p", 1.0, most=1.0),
        min_p=number(asked, "min_p", 0.0, most=1.0),
        stop=(stops := stops_of(asked.get("stop"))),
    )
    most = whole(asked, "max_completion_tokens") or whole(asked, "max_tokens") or served.loaded.context
    seed = whole(asked, "seed", least=None)
    (ids,) = token_ids(served.tokenizer, [question], served.name, raw=raw)
    seed = random.getrandbits(63) if seed is None else seed % 2**63
    prompt = Prompt(ids, room(served.loaded, ids, most, question, served.name), seed)
    if not prompt.room:
        raise UsageError(cramped(served.loaded, ids, question, served.name))
    return Order(prompt, sampling, stops)


def number(asked: dict[str, Any], key: str, default: float, most: float) -> float:
    value = asked.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
        raise UsageError(f"{key} must be a number from 0 to {most:g}, not {value!r}")
    return float(value)


def stops_of(given: Any) -> tuple[str, ...]:
    found = [given] if isinstance(given, str) else given or []
    if not isinstance(found, list) or not all(isinstance(text, str) and text for text in found):
        raise UsageError(f"stop must be a text or a list of texts, not {given!r}")
    return tuple(found)


def usage(reply: Reply) -> dict[str, int]:
    asked, given = reply.prompt_tokens, reply.completion_tokens
    return {"prompt_tokens": asked, "completion_tokens": given, "total_tokens": asked + given}


def completion(name: str, reply: Reply) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.text}
    choice = {"index": 0, "message": message, "finish_reason": reply.finish}
    head = {"id": "chatcmpl-0", "object": "chat.completion", "created": 0, "model": name}
    return {**head, "choices": [choice], "usage": usage(reply)}


async def stream(request: web.Request, order: Order, asked: dict[str, Any]) -> web.StreamResponse:
    """The answer as server-sent events, a piece of text as soon as it is certain."""
    served, loop = request.app[SERVED], asyncio.get_running_loop()
    pieces: asyncio.Queue[str | None] = asyncio.Queue()
    order.hear = lambda piece: loop.call_soon_threadsafe(pieces.put_nowait, piece)
    done = asyncio.wrap_future(served.desk.take(order))
    done.add_done_callback(lambda _: pieces.put_nowait(None))
    with_usage = bool((asked.get("stream_options") or {}).get("include_usage"))
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    await response.prepare(request)
    async for event in events(served.name, pieces, done, with_usage):
        await response.write(f"data: {event}\n\n".encode())
    await response.write_eof()
    return response


async def events(
    name: str, pieces: asyncio.Queue[str | None], done: asyncio.Future[Reply], with_usage: bool
) -> AsyncIterator[str]:
    head = {"id": "chatcmpl-0", "object": "chat.completion.chunk", "created": 0, "model": name}

    def chunk(delta: dict[str, str], finish: str | None = None) -> str:
        return json.dumps({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    yield chunk({"role": "assistant", "content": ""})
    while (piece := await pieces.get()) is not None:
        yield chunk({"content": piece})
    try:
        reply = done.result()
    except Exception as error:  # the head has gone out, so an error is an event
        yield json.dumps({"error": {"message": str(error), "type": "server_error", "code": 500}})
        return
    yield chunk({}, reply.finish)
    if with_usage:
        yield json.dumps({**head, "choices": [], "usage": usage(reply)})
    yield "[DONE]"


def serve(directory: Path, name: str, context: int, engine: Engine, rope: RopeScaling | None) -> Served:
    """The model of a directory, loaded and ready to be asked."""
    loaded = engine.open(directory, rope)
    loaded.context = min(loaded.context, context or loaded.context)
    return Served(name, loaded, tokenizer_of(directory), Desk(loaded, engine.settings.batch, engine.settings.threads))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--name", default="model", help="the name it is asked by")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--dtype", default="auto", choices=["auto", "float32", "bfloat16", "float16"])
    parser.add_argument("--context", type=int, default=0, help="most tokens of a prompt and its answer together")
    parser.add_argument("--rope", type=int, default=0, help="the factor of dynamic RoPE scaling")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 takes all cores")
    parser.add_argument("--batch", type=int, default=256, help="most requests answered together")
    given = parser.parse_args(arguments)
    settings = Settings(threads=given.threads, batch=given.batch)
    try:
        rope = RopeScaling(factor=given.rope) if given.rope else None
        engine = Engine(lambda spec: given.directory, settings, given.dtype)
        served = serve(given.directory, given.name, given.context, engine, rope)
    except UsageError as problem:
        parser.error(str(problem))
    web.run_app(app(served), host=given.host, port=given.port, shutdown_timeout=1.0, print=partial(print, flush=True))


if __name__ == "__main__":
    main()
