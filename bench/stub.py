"""A server of the OpenAI chat protocol that only waits: answers are prebuilt bytes, so that it costs little itself.

python -m bench.stub MEDIAN SPREAD SEED     prints its port, and ends when standard input closes
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time

from bench.load import Load, answer, number_in

MOST = 20_000  # prompts whose latency is drawn beforehand


class Count:
    """What has happened since it was last asked."""

    def __init__(self) -> None:
        self.calls = self.inside = self.most = 0
        self.cpu = time.process_time()

    def read(self) -> bytes:
        now = time.process_time()
        found = {"calls": self.calls, "most": self.most, "cpu": now - self.cpu}
        self.calls, self.most, self.cpu = 0, self.inside, now
        return json.dumps(found).encode()


class Stub(asyncio.Protocol):
    """One connection, kept open unless the client says otherwise; requests with Content-Length, one after the other."""

    transport: asyncio.Transport
    last = False  # whether the connection ends with the answer

    def __init__(self, latencies: list[float], count: Count) -> None:
        self.latencies, self.count, self.buffer = latencies, count, b""
        self.loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        data = self.buffer + data if self.buffer else data
        while (end := data.find(b"\r\n\r\n") + 4) >= 4:
            head = data[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 : head.find(b"\r", at)]) if at >= 0 else 0
            if len(data) < end + length:
                break
            self.last = b"connection: close" in head
            self.request(data[: end + length])
            data = data[end + length :]
        self.buffer = data

    def request(self, data: bytes) -> None:
        if data.startswith(b"POST"):
            which = number_in(data)
            self.count.inside += 1
            self.count.most = max(self.count.most, self.count.inside)
            self.loop.call_later(self.latencies[which], self.answer, which)
        else:
            self.send(http(self.count.read() if data.startswith(b"GET /count") else MODELS))

    def answer(self, which: int) -> None:
        self.count.inside -= 1
        self.count.calls += 1
        self.send(BEFORE + b"#%06d#" % which + AFTER)

    def send(self, answer: bytes) -> None:
        self.transport.write(answer)
        if self.last:
            self.transport.close()


def http(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


MODELS = b'{"object":"list","data":[{"id":"stub","object":"model","created":1,"owned_by":"bench"}]}'
WHOLE = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "stub",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": answer(0)}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 80, "completion_tokens": 100, "total_tokens": 180},
}
BEFORE, AFTER = http(json.dumps(WHOLE).encode()).split(b"#000000#")


async def serve(load: Load) -> None:
    latencies, count = [load.latency(i) for i in range(MOST)], Count()
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(lambda: Stub(latencies, count), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)

    def watch() -> None:
        sys.stdin.read()
        loop.call_soon_threadsafe(over.set)

    threading.Thread(target=watch, daemon=True).start()
    await over.wait()


if __name__ == "__main__":
    median, spread, seed = sys.argv[1:]
    asyncio.run(serve(Load("", MOST, float(median), float(spread), seed=int(seed))))
