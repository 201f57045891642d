"""What a shell offers when Tab is pressed: verbs, names of the store, a recipe's functions and parameters."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
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


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
def test_bash_completes_with_the_script_that_is_installed(folder: Path) -> None:
    shim = folder / "komainu"
    shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m komainu.cli "$@"\n')
    shim.chmod(0o755)
    ask = """
    eval "$(_KOMAINU_COMPLETE=source_bash komainu)"
    offered() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _komainu_completion komainu; echo "${COMPREPLY[*]}"; }
    offered komainu sta; offered komainu run small.py :; offered komainu plan small.py : family size = ""
    """
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "--norc", "-c", ask], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["status", "family", "xs s"], done.stderr
