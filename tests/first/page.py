"""The commands of a page of docs/ that begins with `start-`, run one after the other as a reader would.

Blocks marked `sh` hold commands, blocks marked `toml` are komainu.toml. A comment `# code N` says how a command ends
where that is not 0. Only what stands for the reader's own (an address, a size) is put in by a test, word for word.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from komainu.cli import main

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(sh|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"#.*\bcode (\d)\b")
SET_UP = ("make", ".")  # what has been done where a test runs


class Said(NamedTuple):
    """One command and what it printed."""

    words: list[str]
    out: str
    err: str


def verb_of(words: list[str]) -> str:
    """`run`, `eval run`; the program of a command that is none of ours."""
    found = re.match(r"komainu ((?:(?:eval|data|release) )?[a-z]+)", " ".join(words))
    return found[1] if found else words[0]


class Reader:
    """Does what a page says, in the folder where the test is."""

    def __init__(
        self, page: str, ours: Mapping[str, str], patch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        self.text = (ROOT / "docs" / f"start-{page}.md").read_text(encoding="utf-8")
        for theirs, mine in ours.items():
            assert theirs in self.text, f"the page no longer says {theirs!r}"
            self.text = self.text.replace(theirs, mine)
        self.patch, self.capfd = patch, capfd
        self.servers: list[subprocess.Popen[str]] = []

    def steps(self) -> Iterator[tuple[str, str]]:
        """(kind, text) of each block, and of a block of commands each line."""
        for kind, text in FENCE.findall(self.text):
            if kind == "toml":
                yield kind, text
            else:
                yield from (("sh", line) for line in text.replace("\\\n", " ").splitlines() if line.strip())

    def follow(self, *, without: tuple[str, ...] = ()) -> list[Said]:
        """Everything the page says but the verbs in `without`; each command must end as the page says."""
        said = []
        for kind, text in self.steps():
            if kind == "toml":
                Path("komainu.toml").write_text(text, encoding="utf-8")
                continue
            words = shlex.split(re.sub(r"(^|\s)#.*", "", text))
            if words[0] in SET_UP or verb_of(words) in without:
                continue
            said.append(self.done(words, int(found[1]) if (found := CODE.search(text)) else 0))
        return said

    def done(self, words: list[str], code: int) -> Said:
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            self.patch.setenv(name, value)
            return Said(words, "", "")
        if words[:2] == ["komainu", "serve"]:
            return Said(words, self.served(words), "")
        if words[0] == "komainu":
            ended = main(words[1:])
            out, err = self.capfd.readouterr()
            assert ended == code, f"{shlex.join(words)} ended with {ended}, not {code}:\n{out}\n{err}"
            return Said(words, out, err)
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return Said(words, done.stdout, done.stderr)

    def served(self, words: list[str]) -> str:
        """A server runs on beside the commands that follow; this waits until it answers."""
        command = [sys.executable, "-m", "komainu.cli", *words[1:]]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        server = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.servers.append(server)
        assert server.stdout is not None
        lines = [server.stdout.readline() for _ in range(4)]
        assert "is served at" in lines[0], (words, server.poll(), lines)
        return "".join(lines)

    def close(self) -> None:
        for server in self.servers:
            server.terminate()
            server.communicate(timeout=30)


def forget(patch: pytest.MonkeyPatch) -> None:
    """No variable of komainu's is set, as on a machine that has just got it."""
    for name in [name for name in os.environ if name.startswith("KOMAINU_")]:
        patch.delenv(name)
