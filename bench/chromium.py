"""Chromium without a window, spoken to over a pipe (the DevTools protocol): loads a page, looks, types, measures."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-extensions", "--hide-scrollbars", "--no-first-run")
PATIENCE = 60.0  # seconds until something that was waited for counts as failed
Object = dict[str, Any]


class Chromium:
    """One page. `said` collects what the page writes to the console, errors and refusals; `asked` every address it
    loads; `dialogs` what it asks the user."""

    def __init__(self, to: int, back: int) -> None:
        self.to, self.back = os.fdopen(to, "wb"), os.fdopen(back, "rb")
        self.number, self.waiting = 0, b""
        self.said: list[str] = []
        self.asked: list[str] = []
        self.dialogs: list[str] = []
        self.session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> Object:
        """One command and its result; what happens meanwhile is kept."""
        self.number += 1
        session = {"sessionId": self.session} if self.session else {}
        self.to.write(json.dumps({"id": self.number, "method": method, "params": params, **session}).encode() + b"\0")
        self.to.flush()
        while True:
            message = self.message()
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                result: Object = message["result"]
                return result
            self.happened(message.get("method", ""), message.get("params", {}))

    def message(self) -> Object:
        while b"\0" not in self.waiting:
            if not (read := os.read(self.back.fileno(), 1 << 20)):
                raise RuntimeError("chromium has ended")
            self.waiting += read
        first, _, self.waiting = self.waiting.partition(b"\0")
        found: Object = json.loads(first)
        return found

    def happened(self, event: str, told: Object) -> None:
        if event == "Runtime.consoleAPICalled":
            self.said.append(" ".join(str(each.get("value", each.get("description"))) for each in told["args"]))
        elif event == "Runtime.exceptionThrown":
            self.said.append(told["exceptionDetails"].get("exception", {}).get("description", "an exception"))
        elif event == "Log.entryAdded":
            self.said.append(told["entry"]["text"])
        elif event == "Network.requestWillBeSent":
            self.asked.append(told["request"]["url"])
        elif event == "Page.javascriptDialogOpening":
            self.dialogs.append(told["message"])
            self.call("Page.handleJavaScriptDialog", accept=True)

    def value(self, expression: str) -> Any:
        """What a JavaScript expression gives, as JSON; promises are waited for."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"].get("exception", {}).get("description", "an exception"))
        return found["result"].get("value")

    def wait(self, expression: str) -> Any:
        """The first value of an expression that is true."""
        end = time.monotonic() + PATIENCE
        while not (found := self.value(expression)):
            if time.monotonic() > end:
                raise TimeoutError(f"{expression} never came true; the page said {self.said}")
            time.sleep(0.01)
        return found

    def open(self, url: str, until: str = "document.readyState === 'complete'") -> float:
        """Load a page from nothing; the seconds until it is there."""
        self.call("Page.navigate", url="about:blank")
        started = time.perf_counter()
        self.call("Page.navigate", url=url)
        self.wait(until)
        return time.perf_counter() - started

    def size(self, width: int, height: int) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def theme(self, name: str) -> None:
        """`light` or `dark`."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def press(self, key: str) -> None:
        """One key; a character, or a name such as ArrowDown."""
        text = {"text": "\r" if key == "Enter" else key} if len(key) == 1 or key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def type(self, text: str) -> None:
        """Text into what has the focus."""
        self.call("Input.insertText", text=text)

    def picture(self, path: Path) -> None:
        path.write_bytes(b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


@contextmanager
def chromium() -> Iterator[Chromium]:
    """A browser with a profile of its own; it ends with the block."""
    (ours_in, to), (back, ours_out) = os.pipe(), os.pipe()
    with TemporaryDirectory(prefix="chromium", ignore_cleanup_errors=True) as folder:
        words = [str(PROGRAM), *FLAGS, "--remote-debugging-pipe", f"--user-data-dir={folder}/profile"]
        process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{ours_in} 4>&{ours_out}', "bash", *words],
            pass_fds=(ours_in, ours_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": folder},
        )
        os.close(ours_in)
        os.close(ours_out)
        try:
            yield Chromium(to, back)
        finally:
            process.terminate()
            process.wait()
