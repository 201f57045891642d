"""Processes that share a model's weights in memory, each to compute a part of a gradient."""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import BinaryIO

import msgspec
import torch

from komainu.train.base import Unit


class Part(msgspec.Struct, frozen=True):
    """What one process computes: micro-batches, what their summed loss is divided by, and the step they belong to.

    `ahead`: no gradient, only the sums of log-probabilities by unit id.
    """

    weight: float
    step: int
    batches: tuple[tuple[Unit, ...], ...]
    ahead: bool = False


Sums = tuple[float, int, dict[str, float]]  # summed loss, tokens, notes


def shared(like: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Tensors of the shapes of others in memory that later forks see too; it goes with the last process."""
    memory = mmap.mmap(-1, 4 * sum(t.numel() for t in like))
    pieces = torch.split(torch.frombuffer(memory, dtype=torch.float32), [t.numel() for t in like])
    return [piece.view_as(t) for piece, t in zip(pieces, like, strict=True)]


def share(params: Sequence[torch.nn.Parameter]) -> None:
    """Move parameters to shared memory: an update here is seen by every fork."""
    for parameter, memory in zip(params, shared(params), strict=True):
        parameter.data = memory.copy_(parameter.data)


class Partner:
    """A fork of this process that computes one Part at a time: `ask`, then `answer`.

    It talks JSON over two pipes and ends when they close, so a killed parent leaves nothing behind.
    `others` are the partners made before: their pipes must not be held open by this one.
    """

    asking: BinaryIO
    hearing: BinaryIO
    ahead = False  # what it was asked last

    def __init__(
        self, params: Sequence[torch.nn.Parameter], work: Callable[[Part], Sums], others: Sequence[Partner]
    ) -> None:
        self.params = params
        self.grads = shared(params)
        ask_read, ask_write = os.pipe()
        answer_read, answer_write = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        with warnings.catch_warnings():  # Python 3.12 warns of forks beside threads; the fork touches none of them
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process = os.fork()
        if self.process == 0:
            for fd in (ask_write, answer_read, *(fd for o in others for fd in (o.asking.fileno(), o.hearing.fileno()))):
                os.close(fd)
            self.serve(ask_read, answer_write, work)
        os.close(ask_read)
        os.close(answer_write)
        self.asking, self.hearing = os.fdopen(ask_write, "wb"), os.fdopen(answer_read, "rb")

    def serve(self, questions: int, answers: int, work: Callable[[Part], Sums]) -> None:
        """The life of the fork; it never returns."""
        code = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to end
            with os.fdopen(questions, "rb") as source, os.fdopen(answers, "wb") as sink:
                for line in source:
                    part = msgspec.json.decode(line, type=Part)
                    found = work(part)
                    for parameter, memory in zip(self.params, self.grads, strict=True) if not part.ahead else ():
                        assert parameter.grad is not None
                        memory.copy_(parameter.grad)
                        parameter.grad = None
                    sink.write(msgspec.json.encode(found) + b"\n")
                    sink.flush()
            code = 0
        except BaseException as error:
            os.write(2, f"komainu: a training process failed: {error!r}\n".encode())
        finally:
            os._exit(code)

    def ask(self, part: Part) -> None:
        self.ahead = part.ahead
        self.asking.write(msgspec.json.encode(part) + b"\n")
        self.asking.flush()

    def answer(self) -> Sums:
        """What the part came to; its gradient, if it has one, is added to `.grad`."""
        line = self.hearing.readline()
        if not line:
            raise RuntimeError("a training process has died; run again to go on from the last checkpoint")
        for parameter, memory in zip(self.params, self.grads, strict=True) if not self.ahead else ():
            assert parameter.grad is not None
            parameter.grad.add_(memory)
        found: Sums = msgspec.json.decode(line, type=Sums)
        return found

    def close(self) -> None:
        """Let the process end, and wait for it."""
        with contextlib.suppress(BrokenPipeError):  # it has died
            self.asking.close()
        self.hearing.close()
        os.waitpid(self.process, 0)
