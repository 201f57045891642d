"""One thread over a loaded model: requests that come together are answered together."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice

import torch

from komainu.models.base import Model, Reply
from komainu.models.decode import Prompt
from komainu.models.engine import Loaded, answered, stopped, until

GATHER = 0.005  # seconds to wait for more after the first request


@dataclass
class Order:
    """One request: its prompt, how it is sampled, where it ends, and who wants to hear the text as it comes."""

    prompt: Prompt
    sampling: Model
    stops: tuple[str, ...] = ()
    hear: Callable[[str], object] | None = None
    reply: Future[Reply] = field(default_factory=Future)
    ids: list[int] = field(default_factory=list)
    said: int = 0  # characters handed on so far


class Desk:
    """Takes orders of any thread. Those that wait when the model is free and are sampled alike go in one batch.

    Not covered: joining a batch that has begun, giving up an order that is being answered.
    """

    def __init__(self, loaded: Loaded, batch: int, threads: int = 0) -> None:
        self.loaded, self.batch, self.threads = loaded, batch, threads
        self.orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="komainu-desk", daemon=True).start()

    def take(self, order: Order) -> Future[Reply]:
        self.orders.put(order)
        return order.reply

    def _work(self) -> None:
        if self.threads:
            torch.set_num_threads(self.threads)  # it holds for the thread that sets it
        while True:
            first = self.orders.get()
            time.sleep(GATHER)
            wanted = [order for order in (first, *self._waiting()) if order.reply.set_running_or_notify_cancel()]
            for batch in alike(wanted, self.batch):
                self._answer(batch)

    def _waiting(self) -> Iterator[Order]:
        while True:
            try:
                yield self.orders.get_nowait()
            except queue.Empty:
                return

    def _answer(self, orders: Sequence[Order]) -> None:
        def watch(which: int, token: int) -> None:
            order = orders[which]
            order.ids.append(token)
            self._say(order, self.loaded.text([order.ids])[0], held=1)

        try:
            heard = watch if any(order.hear for order in orders) else None
            replies = answered(self.loaded, orders[0].sampling, [order.prompt for order in orders], heard)
        except Exception as error:  # the askers are told, the desk goes on
            for order in orders:
                order.reply.set_exception(error)
            return
        for order, reply in zip(orders, replies, strict=True):
            self._say(order, reply.text, held=0)
            order.reply.set_result(stopped(reply, order.stops))

    def _say(self, order: Order, text: str, held: int) -> None:
        """Hand on what is new and certain: a character may still be half there, a stop text half written."""
        if order.hear is None:
            return
        sure = until(text, order.stops)
        if held and sure == text:
            sure = sure.rstrip("\ufffd")
            sure = sure[: len(sure) - max((len(stop) - 1 for stop in order.stops), default=0)]
        if len(sure) > order.said:
            order.hear(sure[order.said :])
            order.said = len(sure)


def alike(orders: Sequence[Order], most: int) -> Iterator[list[Order]]:
    """Batches of at most so many orders that are sampled alike, in the order they came."""
    kinds: dict[Model, list[Order]] = {}
    for order in orders:
        kinds.setdefault(order.sampling, []).append(order)
    for some in kinds.values():
        left = iter(some)
        while batch := list(islice(left, most)):
            yield batch
