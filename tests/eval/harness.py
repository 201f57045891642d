"""A program of others in miniature: asks a question for each line of a file and scores it by a rule of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from komainu.context import Context
from komainu.environment import Environment
from komainu.eval.external.base import Harness, Job, Result
from komainu.rows import Chat, Message

PROGRAM = """
import json, os, sys, time, urllib.error, urllib.request
url, n, mode = sys.argv[1:]
def ask(text):
    body = json.dumps({"model": "model", "messages": [{"role": "user", "content": text}], "temperature": 0.3})
    with urllib.request.urlopen(urllib.request.Request(url + "/chat/completions", body.encode())) as response:
        return json.loads(response.read())["choices"][0]["message"]["content"]
print("I am the program")
texts = [ask(f"say {i}") for i in range(int(n))]
if mode == "broken" and texts[0] != "-":
    raise SystemExit("the program has had enough")
if mode == "more":
    try:
        ask("more")
    except urllib.error.HTTPError:
        time.sleep(100)
results = [{"i": i, "text": text, "score": float(str(i) in text)} for i, text in enumerate(texts)]
json.dump({"results": results, "variables": sorted(os.environ)}, open("told.json", "w"))
"""


@dataclass(frozen=True, kw_only=True)
class Here(Environment):
    """This very interpreter."""

    name: str = "here"
    steps: tuple[tuple[str, ...], ...] = ()

    def python(self, root: Path) -> Path:
        return Path(sys.executable)


@dataclass(frozen=True, kw_only=True)
class Mini(Harness):
    """`mode`: "" as it should be, "broken" fails, "forgets" leaves the last item out, "other" asks other ones, "more"
    asks one question more and waits long when it is refused."""

    environment: Environment = Here()
    n: int = 6
    mode: str = ""

    @property
    def bench(self) -> str:
        return "mini:task"

    def play(self, job: Job, items: Sequence[Chat], ctx: Context) -> Iterator[Result]:
        (job.folder / "program.py").write_text(PROGRAM, encoding="utf-8")
        job.run("program.py", job.relay.url, str(self.n), self.mode)
        told = json.loads((job.folder / "told.json").read_bytes())
        job.notes["variables"] = told["variables"]
        for found in told["results"]:
            if self.mode == "forgets" and items and found["i"] == self.n - 1:
                continue
            asked = Message("user", f"say {found['i']}{'!' if self.mode == 'other' and items else ''}")
            yield Result(f"mini-{found['i']}", (asked,), found["text"], {"right": found["score"]}, {"task": "t"})
