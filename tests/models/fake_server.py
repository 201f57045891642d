"""A server that speaks the OpenAI protocol and answers as a test says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from aiohttp import web


class Server:
    """An HTTP server in a thread; `handler` may be replaced at any time."""

    def __init__(self) -> None:
        self.handler: Callable[[web.Request, dict[str, Any]], Any] = lambda request, body: completion("ok")
        self.tokenizer: Callable[[dict[str, Any]], Any] = lambda body: web.Response(status=404)
        self.models: Callable[[web.Request], Any] = lambda request: web.Response(status=404)
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.transports: set[asyncio.Transport] = set()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._start(), self.loop).result(10)

    async def _start(self) -> str:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._post)
        app.router.add_post("/v1/completions", self._post)
        app.router.add_post("/classify", self._post)
        app.router.add_post("/v1/embeddings", self._post)
        app.router.add_post("/tokenize", self._tokenize)
        app.router.add_get("/v1/models", self._models)
        self.runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{self.runner.addresses[0][1]}/v1"

    async def _post(self, request: web.Request) -> web.StreamResponse:
        if request.transport is not None:
            self.transports.add(request.transport)
        body = await request.json()
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        found = self.handler(request, body)
        if asyncio.iscoroutine(found):
            found = await found
        assert isinstance(found, web.StreamResponse)
        return found

    async def _tokenize(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.bodies.append(body)
        self.headers.append(dict(request.headers))
        found = self.tokenizer(body)
        return found if isinstance(found, web.StreamResponse) else web.json_response(found)

    async def _models(self, request: web.Request) -> web.StreamResponse:
        self.headers.append(dict(request.headers))
        found = self.models(request)
        return found if isinstance(found, web.StreamResponse) else web.json_response(found)

    async def _stop(self) -> None:
        await asyncio.sleep(0.05)  # connections that are being made come first, or nothing would close them
        await self.runner.cleanup()
        for transport in self.transports:
            transport.abort()
        await asyncio.sleep(0.02)  # they close in the loop

    def die(self) -> None:
        """Listen no more, and cut every connection; to be closed all the same."""
        asyncio.run_coroutine_threadsafe(self._stop(), self.loop).result(10)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


def classified(*marks: float) -> web.Response:
    """What a reward model says, in vLLM's form."""
    data = [{"index": 0, "label": None, "probs": list(marks), "num_classes": len(marks)}]
    return web.json_response({"object": "list", "data": data, "usage": {"prompt_tokens": 3, "completion_tokens": 0}})


def completion(text: str | None, finish: str = "stop", **beside: Any) -> web.Response:
    message = {"role": "assistant", "content": text, **beside}
    usage = {"prompt_tokens": 3, "completion_tokens": 5}
    return web.json_response({"choices": [{"message": message, "finish_reason": finish}], "usage": usage})
