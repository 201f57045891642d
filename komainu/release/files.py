"""The files of a released model: linked into the card's directory, and measured."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from komainu.errors import UsageError
from komainu.files import whole
from komainu.release.headers import parameters
from komainu.release.licences import holds_licence, texts
from komainu.store import Artifact

LEFT_OUT = {"record.json", "metrics.jsonl", "README.md", "cells.json"}
LICENCE = "LICENSE"  # as the hub looks for it
PICKLED = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt"}  # formats that can run code when loaded


def link_files(model: Artifact, out: Path) -> list[str]:
    """Link (else copy) every file of a model into `out`; returns their names.

    Left out: the record, the training metrics, hidden files and folders, pickled files, and what the card
    writes itself. Raises UsageError when there are no safetensors weights.
    """
    names = []
    for file in sorted(p for p in model.path.rglob("*") if p.is_file()):
        name = file.relative_to(model.path)
        if name.as_posix() in LEFT_OUT or file.suffix in PICKLED or any(p.startswith(".") for p in name.parts):
            continue
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(file.resolve(), target)
        except OSError:  # another file system, or one without links
            shutil.copyfile(file, target)
        names.append(name.as_posix())
    if not any(name.endswith(".safetensors") for name in names):
        raise UsageError(f"{model.ref} holds no .safetensors file; Card.model must be a model with weights")
    return names


def link_terms(base: Artifact, out: Path, own: str, beside: str = "") -> list[str]:
    """Put the files with the base's terms into `out`, where the model has none of that name; returns their names.

    They are those of the artifact, and those that lie by now in `beside`, the folder that the base was linked from. Of
    a base that was trained here that is the licence text `own`. Raises UsageError for a base made elsewhere whose
    licence text is not beside it: MIT, Apache, Gemma and Llama all want a copy to travel.
    """
    if "licence" not in base.record["config"]:
        with whole(out / LICENCE) as handle:
            handle.write(own.encode())
        return [LICENCE]
    found = [*texts(base.path), *(texts(Path(beside)) if beside else [])]
    if not holds_licence([*found, *texts(out)]):
        raise UsageError(f"{base.ref} has no LICENSE file; put its licence text beside its weights: it must travel")
    new = {p.name: p for p in reversed(found) if not (out / p.name).exists()}
    for name, file in new.items():
        shutil.copyfile(file.resolve(), out / name)
    return sorted(new)


def measured(folder: Path) -> dict[str, Any]:
    """What the files tell: `parameters` (tied weights counted once) and, where config.json says so, `context`."""
    found: dict[str, Any] = {"parameters": parameters(folder)}
    config = folder / "config.json"
    if config.exists():
        said = json.loads(config.read_bytes())
        found |= {k: v for k, v in (("context", said.get("max_position_embeddings")),) if v is not None}
        found |= {"architecture": said["architectures"][0]} if said.get("architectures") else {}
    return found
