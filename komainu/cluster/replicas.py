"""Servers of one model on other machines: started as an array of tasks, their addresses read back from files."""

from __future__ import annotations

import json
import logging
import shutil
import threading
import time
from collections import Counter
from pathlib import Path

from komainu.cluster.base import Array, tail
from komainu.cluster.queue import Unheard
from komainu.errors import EndpointError
from komainu.files import write_json
from komainu.models.local import answers

log = logging.getLogger("komainu")
BEAT = 5.0  # seconds between two signs of life for the tasks
TRIES = 4  # how often a server is begun that is lost each time
TICK = 0.2  # seconds
ALIVE = "alive.json"


class Replicas:
    """An upstream of `count` servers. A lost one is begun again when the model is next asked.

    They end with `close`, and two minutes after this process has ended in any other way.
    """

    def __init__(self, array: Array, folder: Path, count: int, timeout: float, name: str) -> None:
        self.array, self.folder, self.count, self.timeout, self.name = array, folder, count, timeout, name
        self.lock, self.over = threading.Lock(), threading.Event()
        self.tries: Counter[int] = Counter()
        self.beating: threading.Thread | None = None

    def urls(self) -> tuple[str, ...]:
        """Where they answer: all, or those that do once `timeout` is over. Raises EndpointError when none do."""
        with self.lock:
            self.begin()
            deadline, looked = time.monotonic() + self.timeout, 0.0
            while len(found := self.found()) < self.count and time.monotonic() < deadline:
                if time.monotonic() - looked >= self.array.poll:
                    self.mend()
                    looked = time.monotonic()
                time.sleep(TICK)
        if not found:
            raise EndpointError(
                f"{self.name}: none of {self.count} servers answers within {self.timeout:g} s. Mend `start` of its "
                f"endpoint in komainu.toml, or raise `timeout`, and run again{self.fate()}"
            )
        if len(found) < self.count:
            log.warning("%s: %d of %d servers answer", self.name, len(found), self.count)
        return found

    def begin(self) -> None:
        if self.beating is not None:
            return
        (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        self.over.clear()
        self.beat(0)
        self.array.begin(range(self.count))
        self.beating = threading.Thread(target=self.beats, name="komainu-replicas", daemon=True)
        self.beating.start()

    def beats(self) -> None:
        number = 0
        while not self.over.wait(BEAT):
            number += 1
            self.beat(number)

    def beat(self, number: int) -> None:
        write_json(self.folder / ALIVE, {"beat": number})

    def found(self) -> tuple[str, ...]:
        """The addresses that answer, in the order of the servers."""
        urls = []
        for number in range(self.count):
            try:
                url = json.loads((self.folder / f"{number}.json").read_bytes())["url"]
            except (OSError, ValueError):
                continue
            if answers(f"{url}/models"):
                urls.append(url)
        return tuple(urls)

    def mend(self) -> None:
        """Begin again what no longer lives."""
        try:
            fates = self.array.fates()
        except Unheard as error:
            log.warning("%s; asking again", error)
            return
        lost = {n: fate for n in range(self.count) if (fate := fates.get(n)) and not fate.lives}
        for number, fate in lost.items():
            self.tries[number] += 1
            if self.tries[number] >= TRIES:
                how = f"server {number} {fate.text}, {TRIES} times"
                raise EndpointError(f"{self.name}: {how}. Mend what it says and run again{self.fate()}")
            log.warning("%s: server %d is begun again: it %s", self.name, number, fate.text)
            (self.folder / f"{number}.json").unlink(missing_ok=True)
        if lost:
            self.array.begin([*lost])

    def fate(self) -> str:
        """The last words of the first server."""
        return f". The last words of the first:\n{tail(self.folder / 'logs' / '0.log')}"

    def close(self) -> None:
        with self.lock:
            if self.beating is None:
                return
            self.over.set()
            self.beating.join()
            self.beating = None
            self.array.cancel()
            shutil.rmtree(self.folder, ignore_errors=True)
