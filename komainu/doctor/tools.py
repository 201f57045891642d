"""Folders and programs that komainu.toml names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from komainu.doctor.base import Finding
from komainu.release.converted import SCRIPT
from komainu.settings import FIXTURES, Settings


def folders(settings: Settings) -> Iterator[Finding]:
    """The folders of items that are named and are not there."""
    for folder in settings.shelves:
        if not folder.is_dir():
            advice = f"set `items` in komainu.toml, KOMAINU_ITEMS or {FIXTURES} to folders that are there"
            yield Finding(f"items {folder}", "bad", "there is no such folder", advice)


def llama_cpp(settings: Settings) -> Iterator[Finding]:
    """The converter of llama.cpp, where a checkout is named."""
    if settings.llama_cpp:
        there = (Path(settings.llama_cpp) / SCRIPT).is_file()
        advice = "set `llama_cpp` in komainu.toml to a checkout: git clone https://github.com/ggml-org/llama.cpp"
        text = settings.llama_cpp if there else f"{settings.llama_cpp} has no {SCRIPT}"
        yield Finding("llama.cpp", "ok" if there else "bad", text, "" if there else advice)
