"""A card among others: the family by size, and the models of other boards; both are proved with the rest."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from komainu.context import Context
from komainu.errors import UsageError
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.standings import Standings
from komainu.files import write_json
from komainu.proof import bundle
from komainu.proof.card import prove
from komainu.release.card import Card
from komainu.seal import seal_of
from komainu.stage import wiring
from komainu.stored import Stored
from tests.release.world import Family, build, context

SMALL, LARGE = Family(n=8), Family(n=8, wide=3)


class Made(NamedTuple):
    card: Card
    ctx: Context
    folder: Path

    @property
    def text(self) -> str:
        return (self.folder / "README.md").read_text(encoding="utf-8")


def family_card(**changed: Any) -> Card:
    small = SMALL.card(name="lions/komainu-small", sweep=None)
    standings = Standings(boards=(LARGE.board, SMALL.board), sort="exact_ja")
    values = {"name": "lions/komainu-large", "sweep": None, "family": (small,), "standings": standings}
    return LARGE.card(**{**values, **changed})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    card, ctx = family_card(), context(tmp_path_factory.mktemp("family"))
    return Made(card, ctx, build(card, ctx))


def rows(text: str, header: str) -> list[str]:
    """The rows of the table that begins so."""
    lines = text.split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith(header))
    return [line for line in "\n".join(lines[start + 2 :]).split("\n\n")[0].split("\n") if line.startswith("| ")]


def test_the_family_stands_by_size_with_what_its_cards_show(made: Made) -> None:
    one, two = rows(made.text, "| Licence | Model | Parameters | Context (tokens) |")
    assert one.startswith("| apache-2.0 | lions/komainu-small | 270.3k | 512 | ")
    assert two.startswith(f"| apache-2.0 | lions/komainu-large | {(3 * 2048 * 128 + 128 * 64) / 1000:.1f}k | 512 | ")
    small = (made.ctx.store.place(made.card.family[0]) / "README.md").read_text(encoding="utf-8")
    assert rows(small, "| Licence | Model |") == [one]


def test_models_of_other_boards_stand_beside_these_with_intervals(made: Made) -> None:
    found = rows(made.text, "| Model | Group | exact (en) | exact (ja) |")
    assert len(found) == 6 and all(len(re.findall(r"\[\d+\.\d\d, \d+\.\d\d\]", line)) >= 4 for line in found)
    assert {line.split(" | ")[0] for line in found} == {
        f"| {name} ({family.board.place})" for name in ("base", "SFT", "DPO") for family in (SMALL, LARGE)
    }
    assert made.text.index("### Among other models") < made.text.index("### What was decided")


@pytest.mark.parametrize("table", ["| Licence | Model |", "| Model | Group |"])
def test_a_changed_digit_of_another_model_is_caught(table: str, made: Made, tmp_path: Path) -> None:
    folder = tmp_path / "downloaded"
    shutil.copytree(made.folder, folder)
    assert prove(folder, made.card.place, made.ctx.store).holds
    row = rows(made.text, table)[0]
    place = made.text.index(row) + row.rindex(".") + 1
    other = str((int(made.text[place]) + 1) % 10)
    (folder / "README.md").write_text(made.text[:place] + other + made.text[place + 1 :], encoding="utf-8")
    (doubt,) = prove(folder, made.card.place, made.ctx.store).doubts
    assert doubt.state == "differs" and doubt.where.startswith(("Scores > Among", "lions/komainu-small", "apache"))


def test_the_evidence_of_the_others_is_in_the_bundle(made: Made, tmp_path: Path) -> None:
    artifact = made.ctx.store.at(made.card.place)
    assert artifact is not None
    bundle.write(made.ctx.store, artifact, tmp_path / "e.tar.zst")
    with bundle.opened(tmp_path / "e.tar.zst") as found:
        assert not found.problems and prove(made.folder, found.card, found.store).holds
        board = found.store.at(SMALL.board.place)
        assert board is not None
        gone = found.store.root / min(ref for ref in board.inputs.values() if ref.startswith("scores/"))
        (gone / "rows.jsonl").unlink()
        cells = prove(made.folder, found.card, found.store).cells
    assert {c.state for c in cells if c.where.startswith("Scores > Among other models")} == {"no evidence"}


def test_the_tables_of_a_japanese_card_are_the_same_in_japanese(made: Made) -> None:
    card = family_card(readme="ja")
    folder = build(card, made.ctx)
    assert prove(folder, card.place, made.ctx.store).holds
    text = (folder / "README.md").read_text(encoding="utf-8")
    section = text.split("### ほかのモデルとの比較")[1].split("###")[0]
    assert "| モデル |" in section and not re.search(r"[A-Za-z]+ [a-z]+ [a-z]+ [a-z]+", section)
    for here, there in (
        ("| ライセンス | モデル |", "| Licence | Model |"),
        ("| モデル | グループ |", "| Model | Group |"),
    ):
        assert rows(text, here) == rows(made.text, there)


def test_a_card_of_the_store_stands_for_its_recipe(made: Made) -> None:
    small = made.ctx.store.at(made.card.family[0].place)
    assert small is not None
    same = family_card(family=(Stored(artifact=small),))
    assert same.id == made.card.id and not [*same.check()]


def test_a_card_that_was_measured_otherwise_has_no_place_in_the_table(made: Made) -> None:
    without = {e.name: [s for s in e.scores if s.bench != ExactMatch(language="ja")] for e in SMALL.board.entries}
    entries = tuple(replace(e, scores=tuple(without[e.name])) for e in SMALL.board.entries)
    board = replace(SMALL.board, entries=entries)
    other = SMALL.card(board=board, sweep=None)
    with pytest.raises(UsageError, match=r"cannot stand in a table with this card.*: exact \(ja\)$"):
        build(family_card(family=(other,)), made.ctx)
    with pytest.raises(UsageError, match=r"measured otherwise: exact \(ja\), leakage \(ja\), exact \(en\), leakage"):
        build(family_card(family=(Family(n=6).card(sweep=None),)), made.ctx)


def test_a_card_of_an_older_version_does_not_tell_its_size(tmp_path: Path) -> None:
    card, ctx = family_card(standings=None), context(tmp_path)
    record = build(card.family[0], ctx) / "record.json"
    found = ctx.store.at(card.family[0].place)
    assert found is not None
    told = {**found.record, "summary": {k: v for k, v in found.summary.items() if k != "measured"}}
    write_json(record, {**told, "seal": seal_of(told)})
    with pytest.raises(UsageError, match="does not tell its size"):
        build(card, ctx)


def test_what_is_no_card_and_no_table_is_refused() -> None:
    wrong = family_card(family=(LARGE.board,), standings=LARGE.training[0])
    said = [text for stage, text in wiring(wrong) if stage is wrong]
    assert any("Card.family[0] must be a card, but it is Board" in text for text in said)
    assert any("Card.standings needs a stage that makes Table" in text for text in said)
