"""One run of a training engine of others: rows laid out, keys judged by the program, trained, weights taken back."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

from komainu.context import Context
from komainu.errors import UsageError
from komainu.files import write_objects
from komainu.models.folder import load_config, load_tokenizer
from komainu.store import WORK
from komainu.train.base import Unit
from komainu.train.engines.base import CACHE, Engine, Session, Site, alone, sized
from komainu.train.engines.taken import take_back
from komainu.train.intact import check_directory
from komainu.train.weights import context_of

log = logging.getLogger("komainu")


def train(stage: Engine, out: Path, ctx: Context) -> dict[str, Any]:
    """Look at every row as our own training does, hand all to the program, and check what comes back."""
    here, folder = ctx.settings.trainer(stage.name), (out / WORK).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / CACHE, ignore_errors=True)  # a killed compiler leaves a lock that the next one waits for
    if wrong := [*stage.misplaced(ctx.settings)]:
        raise UsageError("; ".join(wrong))
    source = ctx.open(stage.of.model).path.absolute()
    rows, tokenizer = [*ctx.open(stage.of.data).rows()], load_tokenizer(source)
    config = load_config(source)
    check_directory(source, config, tokenizer)
    units: list[Unit] = alone(stage.of).units(tokenizer, rows)
    stage.of.examine(tokenizer, context_of(config), units)
    site = sized(stage.of, len(rows), Site(str(source), str(folder / "rows.jsonl"), str(folder / "model")))
    site = site._replace(context=context_of(config))
    assert isinstance(site.steps, int)
    laid = [*stage.layout(tokenizer, rows, site.steps)]
    write_objects(Path(site.data), (line for _, line in laid))
    (out / "order.txt").write_text("".join(f"{row}\n" for row, _ in laid), encoding="utf-8")

    session = Session(folder, stage.environment.python(Path(ctx.settings.environments)), here, ctx.settings.threads)
    keys = stage.keys(site, here)
    stage.validate(session, keys)
    log.info("%s trains %s; it writes to %s", stage.name, stage.of.label, folder / "log.txt")
    stage.launch(session, keys)
    taken = take_back(Path(site.out), source, out)
    named = site._replace(model=Site().model, data=Site().data, out=Site().out)
    (out / "handed.txt").write_text(stage.rendered(stage.keys(named, here)), encoding="utf-8")
    return {
        "engine": stage.name,
        "trained": len(rows),
        "lines": len(laid),
        "steps": site.steps,
        "environment": stage.environment.id,
        **ends(stage.losses((folder / "log.txt").read_text(encoding="utf-8", errors="replace"))),
        **taken,
    }


def ends(losses: list[float]) -> dict[str, float]:
    """The first and the last loss that the program told, where it told any."""
    return {"first_loss": losses[0], "last_loss": losses[-1]} if losses else {}
