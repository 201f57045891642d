"""A card's numbers are computed again from the score rows, and any digit that is not theirs is found."""

from __future__ import annotations

import json
import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from komainu.cli import main
from komainu.context import Context
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.bench.leakage import LeakageRate
from komainu.eval.sampler import Cut, sampler_sweep
from komainu.files import write_json
from komainu.models.base import Model
from komainu.proof.card import Proof, find, prove
from komainu.release.card import Card
from komainu.seal import seal, seal_of
from komainu.store import Store
from tests.release.world import Family, build, context

DIGIT = re.compile(r"\d")
Edit = Callable[[list[str]], None]


def family_card() -> Card:
    family = Family(n=16)
    sweep = sampler_sweep(
        Model(name="DPO", weights=family.training[-1]),
        family.items,
        quality=(ExactMatch(language="ja"),),
        leakage=(LeakageRate(language="ja"),),
        temperatures=(0.0, 0.7),
        cuts=(Cut(),),
    )
    return family.card(sweep=sweep)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Card, Context]:
    card, ctx = family_card(), context(tmp_path_factory.mktemp("proved"))
    build(card, ctx)
    return card, ctx


@pytest.fixture
def copy(made: tuple[Card, Context], tmp_path: Path) -> Iterator[tuple[Path, Callable[[], Proof]]]:
    """A card as someone has downloaded it, and its proof by the store."""
    card, ctx = made
    folder = tmp_path / "downloaded"
    shutil.copytree(ctx.store.place(card), folder)
    yield folder, lambda: prove(folder, card.place, ctx.store)


def in_tables(text: str) -> list[int]:
    """Where the digits of table cells stand."""
    spans = [m.span() for m in re.finditer(r"^\|.*$", text, re.MULTILINE)]
    return [a + m.start() for a, b in spans for m in DIGIT.finditer(text[a:b])]


def test_a_card_that_was_left_alone_holds(copy: tuple[Path, Callable[[], Proof]]) -> None:
    proof = copy[1]()
    assert proof.holds and proof.counts["OK"] > 300
    assert proof.counts["differs"] == proof.counts["no evidence"] == 0


def test_a_hundred_mutations_of_one_digit_are_all_caught(copy: tuple[Path, Callable[[], Proof]]) -> None:
    folder, proved = copy
    text, luck = (folder / "README.md").read_text(encoding="utf-8"), random.Random(0)
    places = luck.sample(in_tables(text), 100)
    for place in places:
        other = luck.choice([d for d in "0123456789" if d != text[place]])
        (folder / "README.md").write_text(text[:place] + other + text[place + 1 :], encoding="utf-8")
        doubts = proved().doubts
        assert doubts and {cell.state for cell in doubts} == {"differs"}, text[place - 60 : place + 20]


def test_a_mutation_is_named_by_its_cell(copy: tuple[Path, Callable[[], Proof]]) -> None:
    folder, proved = copy
    text = (folder / "README.md").read_text(encoding="utf-8")
    line = next(x for x in text.split("\n") if x.startswith("| exact | ja |"))
    cells = line.split(" | ")
    changed = " | ".join([*cells[:3], "9" + cells[3], *cells[4:]])
    (folder / "README.md").write_text(text.replace(line, changed), encoding="utf-8")
    (doubt,) = proved().doubts
    assert doubt.where == "Scores > By benchmark > exact > SFT"
    assert (doubt.shown, doubt.given) == ("9" + cells[3], cells[3])


def swapped(rows: list[str]) -> None:
    i = next(i for i, row in enumerate(rows) if row.startswith("| exact | ja"))
    rows[i], rows[i + 1] = rows[i + 1], rows[i]


def renamed(rows: list[str]) -> None:
    i = next(i for i, row in enumerate(rows) if row.startswith("| leakage"))
    rows[i] = rows[i].replace("leakage", "harmony", 1)


def deleted(rows: list[str]) -> None:
    del rows[next(i for i, row in enumerate(rows) if row.startswith("| leakage"))]


def added(rows: list[str]) -> None:
    i = next(i for i, row in enumerate(rows) if row.startswith("| leakage"))
    rows.insert(i, rows[i].replace("leakage", "more"))


def doubled(rows: list[str]) -> None:
    i = next(i for i, row in enumerate(rows) if row.startswith("| DPO"))
    rows.insert(i, rows[i])


def headed(rows: list[str]) -> None:
    i = next(i for i, row in enumerate(rows) if row.startswith("| Benchmark"))
    rows[i] = rows[i].replace("SFT", "DPO")


def said(rows: list[str]) -> None:
    i = next(i for i, row in enumerate(rows) if "is better than" in row or "is not distinguishable" in row)
    rows[i] = rows[i].replace("than", "then").replace("from", "form")


@pytest.mark.parametrize("edit", [swapped, renamed, deleted, added, doubled, headed, said])
def test_other_changes_are_caught_too(edit: Edit, copy: tuple[Path, Callable[[], Proof]]) -> None:
    folder, proved = copy
    rows = (folder / "README.md").read_text(encoding="utf-8").split("\n")
    edit(rows)
    (folder / "README.md").write_text("\n".join(rows), encoding="utf-8")
    proof = proved()
    assert proof.counts["differs"] and not proof.holds
    assert proof.counts["OK"] > 250  # what was not changed still stands


def test_a_changed_score_of_cells_json_is_named(copy: tuple[Path, Callable[[], Proof]]) -> None:
    folder, proved = copy
    cells = json.loads((folder / "cells.json").read_bytes())
    cells["DPO/exact/ja/exact"]["mean"] += 1e-6
    del cells["SFT/headline/ja"]
    write_json(folder / "cells.json", cells)
    assert {c.where for c in proved().doubts} == {
        "cells.json > DPO/exact/ja/exact",
        "cells.json > SFT/headline/ja",
    }


def test_a_changed_sampling_setting_is_named(copy: tuple[Path, Callable[[], Proof]]) -> None:
    folder, proved = copy
    file = folder / "generation_config.json"
    text = file.read_text()
    changed = text.replace("true", "false") if "true" in text else text.replace("false", "true")
    file.write_text(changed)
    (doubt,) = proved().doubts
    assert doubt.state == "differs" and doubt.shown in changed.split("\n") and doubt.given in text.split("\n")
    file.write_text("[]")
    assert any("generation_config.json of the model is damaged" in problem for problem in proved().problems)


def test_other_model_files_are_found(copy: tuple[Path, Callable[[], Proof]]) -> None:
    folder, proved = copy
    (folder / "config.json").write_text((folder / "config.json").read_text() + " ")
    (folder / "more.safetensors.txt").write_text("x")
    first, second = proved().problems
    assert "config.json has been changed" in first and "more.safetensors.txt" in second


def forged(store: Store, ref: str, name: str, change: Callable[[str], str]) -> None:
    """Change a file of an artifact, and its record so that every hash is right again."""
    found = store.at(ref)
    assert found is not None
    file = found.path / name
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
    record = {**found.record, "files": seal(found.path)}
    write_json(found.path / "record.json", {**record, "seal": seal_of(record)})


def test_a_forged_board_with_right_hashes_is_caught(tmp_path: Path) -> None:
    """The numbers come from the score rows: a card made from a board that was changed does not hold."""
    card, ctx = family_card(), context(tmp_path)
    build(card.board, ctx)
    forged(ctx.store, card.board.place, "board.json", lambda text: text.replace('"mean": 0.', '"mean": 0.9', 1))
    proof = prove(build(card, ctx), card.place, ctx.store)
    assert any("board.json is not what the score rows give" in problem for problem in proof.problems)
    assert proof.counts["differs"] >= 2  # the README's and that of cells.json


def test_forged_score_rows_with_right_hashes_are_caught(tmp_path: Path) -> None:
    card, ctx = family_card(), context(tmp_path)
    folder = build(card, ctx)
    cells = json.loads((folder / "cells.json").read_bytes())
    ref = cells["DPO/exact/ja/exact"]["scores"]
    forged(ctx.store, ref, "rows.jsonl", lambda text: text.replace('"value":1.0', '"value":0.0', 1))
    proof = prove(folder, card.place, ctx.store)
    assert f"{ref}: its rows do not give the numbers of its record" in proof.problems
    assert "Scores > By benchmark > exact > DPO" in {c.where for c in proof.doubts}


@pytest.mark.parametrize("gone", ["rows.jsonl", "record.json"])
def test_without_its_rows_a_number_has_no_evidence(tmp_path: Path, gone: str) -> None:
    card, ctx = family_card(), context(tmp_path)
    folder = build(card, ctx)
    ref = json.loads((folder / "cells.json").read_bytes())["DPO/exact/ja/exact"]["scores"]
    (ctx.store.root / ref / gone).unlink()
    proof = prove(folder, card.place, ctx.store)
    assert proof.counts["no evidence"] > 100 and proof.counts["OK"] and not proof.holds
    cell = next(c for c in proof.cells if c.where == "Scores > By benchmark > exact > DPO")
    assert cell.state == "no evidence" and ref in cell.why


def test_a_copy_is_known_by_either_of_its_files(
    copy: tuple[Path, Callable[[], Proof]], made: tuple[Card, Context]
) -> None:
    card, ctx = made
    (copy[0] / "README.md").write_text("changed")
    assert find(ctx.store, copy[0]) == card.place


def test_a_card_of_which_nothing_is_known_is_in_doubt(
    copy: tuple[Path, Callable[[], Proof]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("KOMAINU_STORE", str(tmp_path / "empty"))
    assert main(["verify", str(copy[0])]) == 3
    assert "is a copy of; give its bundle with --evidence" in capsys.readouterr().err
