"""The other end of a pool: a process that loads once and splits into hands, which work on chunks until told to end."""

from __future__ import annotations

import gc
import importlib.util
import os
import pickle
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from queue import SimpleQueue
from threading import Thread
from typing import Any, NoReturn

from komainu.context import Context
from komainu.data.stretch import Done, Stretch
from komainu.errors import Error
from komainu.models.base import Model, Question, Reply


class Silent:
    """A client for a process in which no model is asked."""

    batch_sensitive = False

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        raise AssertionError(f"`load` of a step may not ask {model.name}")


def main() -> None:
    control, *ends = [Connection(int(fd)) for fd in sys.argv[2:]]
    files, values = pickle.loads(control.recv_bytes())
    try:
        for name, file in files.items():
            run_file(name, file)
        stretches, store, settings = pickle.loads(values)
    except Exception as error:
        control.send(f"{type(error).__name__}: {error}")
        return
    try:
        ctx = Context(store, Silent(), settings)
        loaded = [stretch.load(ctx) for stretch in stretches]
    except Exception as error:
        control.send(told(error))
        return
    gc.collect()
    gc.freeze()  # what is loaded stays one copy for all hands
    hands: list[int] = []
    for i, end in enumerate(ends):
        pid = os.fork()
        if pid == 0:
            for other in (control, *ends[:i], *ends[i + 1 :]):
                other.close()
            serve(end, stretches, loaded)
        hands.append(pid)
    for end in ends:
        end.close()
    control.send(hands)
    Thread(target=end_with, args=(control, hands), daemon=True).start()
    for _ in hands:
        pid, status = os.wait()
        with suppress(OSError):  # nobody may be there any more
            control.send((hands.index(pid), status))


def run_file(name: str, file: str) -> None:
    """Run the file of a recipe as the module of that name, as the process that pickled its classes did."""
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None, file
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)


def end_with(control: Connection, hands: list[int]) -> None:
    """End every hand when the process that wants them is no longer there."""
    try:
        control.recv_bytes()
    except (EOFError, OSError):
        for pid in hands:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def serve(pipe: Connection, stretches: list[Stretch], loaded: list[Any]) -> NoReturn:
    """Work on chunks until the socket closes."""
    gc.set_threshold(50_000)
    tasks: SimpleQueue[Any] = SimpleQueue()

    def receive() -> None:  # always read, so that whoever sends never waits for long
        while True:
            try:
                tasks.put(pipe.recv())
            except (EOFError, OSError):
                os._exit(0)

    Thread(target=receive, daemon=True).start()
    while True:
        number, chunk = tasks.get()
        made: Done | Exception
        try:
            made = stretches[number].work(chunk, loaded[number])
        except Exception as error:
            made = told(error)
        try:
            pipe.send(made)
        except OSError:
            os._exit(0)
        except Exception as error:  # it cannot be pickled
            pipe.send(told(error))


def told(error: Exception) -> Exception:
    """An error that can be sent, with the lines it came through unless it is one of a user's."""
    if not isinstance(error, Error):
        import traceback

        error.add_note("".join(traceback.format_exception(error)))
    try:
        if type(pickle.loads(pickle.dumps(error))) is type(error):
            return error
    except Exception:
        pass
    return RuntimeError(f"{type(error).__name__}: {error}")
