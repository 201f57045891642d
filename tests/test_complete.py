"""What a shell offers when Tab is pressed: verbs, names of the store, a recipe's functions and parameters."""

from __future__ import annotations

import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from komainu.cli_complete import words
from tests.core_fakes import ROOT, Source, context

RECIPE = """
from pathlib import Path
from typing import Literal

Path("ran").touch()
Much = Literal["full", "smoke"]


def family(
    base: str, size: Literal["xs", "s"] = "s", seed: int = 0, *, effort: Much = "full", fast: bool = False
) -> Base:
    return Base()


def helper(shape: Shape) -> Base:
    return Base(shape)


def count(n: int) -> int:
    return n


def _hidden() -> Base:
    return Base()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe, and a store with a name."""
    (tmp_path / "small.py").write_text(RECIPE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOMAINU_STORE", "store")
    ctx = context(tmp_path / "store")
    ctx.store.build(Source(), ctx)
    ctx.store.name("family,size=s", Source())
    return tmp_path


def test_targets_are_names_of_the_store_and_functions_that_can_be_recipes(folder: Path) -> None:
    assert words([], "") == ["family,size=s"] == words([], "fam")
    assert words([], "small.py") == ["small.py:family"] == words([], "small.py:f")
    assert words([], "nothing.py") == words([], "small.py:x") == []
    assert not (folder / "ran").exists(), "a recipe is read, not run"


def test_parameters_are_offered_with_their_choices_or_their_default_and_once() -> None:
    every = ["base=", "size=xs", "size=s", "seed=0", "effort=full", "effort=smoke", "fast=true", "fast=false"]
    assert words(["small.py:family"], "") == every
    assert words(["small.py:family", "size=xs"], "s") == ["seed=0"]
    assert words(["small.py:family"], "size=x") == ["size=xs"]
    assert words(["small.py:family", "seed=1", "family,size=s"], "eff") == ["effort=full", "effort=smoke"]


def test_words_that_bash_has_parted_are_put_together_again() -> None:
    assert words(["small.py"], ":") == ["family"] == words(["small.py", ":"], "f")
    family = ["small.py", ":", "family"]
    assert words([*family, "size"], "") == ["xs", "s"], "Typer takes a last = away"
    assert words([*family, "size", "="], "x") == ["xs"]
    assert words([*family, "size", "=", "xs"], "see") == ["seed=0"]


@pytest.mark.parametrize("text", ["def f(:", "\0"])
def test_a_recipe_that_cannot_be_read_offers_nothing(folder: Path, text: str) -> None:
    (folder / "small.py").write_text(text)
    assert words([], "small.py:") == words(["small.py:family"], "size=") == []
    (folder / "komainu.toml").write_text("[[")
    assert words([], "") == []


def test_what_a_shell_would_have_to_quote_is_not_offered(folder: Path) -> None:
    ctx = context(folder / "store")
    for name in ("family,text=a b", "family,text=it's", "family,text=\\$(touch ran)", "family,言語=日本語"):
        ctx.store.name(name, Source())
    assert words([], "fam") == ["family,size=s", "family,言語=日本語"]
    (folder / "small.py").write_text('def f(a: str = "two words", b: str = "`x`", c: str = "ä/x-1.5") -> Base: ...')
    assert words(["small.py:f"], "") == ["a=", "b=", "c=ä/x-1.5"]


@pytest.fixture
def env(folder: Path) -> dict[str, str]:
    """Of a shell that finds the program."""
    shim = folder / "bin" / "komainu"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m komainu.cli "$@"\n')
    shim.chmod(0o755)
    return {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{shim.parent}:{os.environ['PATH']}", "TERM": "dumb"}


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not shutil.which(shell), reason=f"there is no {shell}")


@needs("bash")
def test_bash_completes_with_the_script_that_is_installed(env: dict[str, str]) -> None:
    ask = """
    eval "$(_KOMAINU_COMPLETE=source_bash komainu)"
    offered() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _komainu_completion komainu; echo "${COMPREPLY[*]}"; }
    offered komainu sta; offered komainu run small.py :; offered komainu plan small.py : family size = ""
    """
    done = subprocess.run(["bash", "--norc", "-c", ask], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["status", "family", "xs s"], done.stderr


@needs("fish")
def test_fish_completes_with_the_script_that_is_installed(env: dict[str, str]) -> None:
    ask = """
    source (_KOMAINU_COMPLETE=source_fish komainu | psub)
    for line in "komainu sta" "komainu run fam" "komainu run small.py:" "komainu plan small.py:family size="
        echo (complete -C $line)
    end
    """
    command = ["fish", "--no-config", "-c", ask]
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    verb, *others = done.stdout.splitlines()
    assert verb.startswith("status\t"), done.stderr
    assert others == ["family,size=s", "small.py:family", "size=s size=xs"], done.stderr


@needs("zsh")
def test_zsh_completes_with_the_script_that_is_installed(env: dict[str, str]) -> None:
    terminal, inside = pty.openpty()
    process = subprocess.Popen(["zsh", "-f", "-i"], env=env, stdin=inside, stdout=inside, stderr=inside)
    os.close(inside)
    try:
        begin = (
            'stty columns 200; autoload -Uz compinit; compinit -u -D; eval "$(_KOMAINU_COMPLETE=source_zsh komainu)"'
        )
        typed(terminal, f"PS1='> '; {begin}; echo REA''DY\n", "READY\r\n")
        typed(terminal, "komainu sta\t", "komainu status ")
        typed(terminal, "\x15komainu run fam\t", "komainu run family,size=s ")
        typed(terminal, "\x15komainu run small.py:\t", "komainu run small.py:family ")
        typed(terminal, "\x15komainu plan small.py:family size=\t", "size=s   size=xs")
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


def typed(terminal: int, text: str, shown: str) -> None:
    """Type into a terminal, and wait until something is shown."""
    os.write(terminal, text.encode())
    seen, until = "", time.monotonic() + 60
    while shown not in seen:
        assert time.monotonic() < until and select.select([terminal], [], [], 60)[0], seen
        seen += os.read(terminal, 1 << 16).decode(errors="replace")
