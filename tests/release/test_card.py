from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from komainu.errors import UsageError
from komainu.eval.base import Answers, Scores
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.bench.leakage import LeakageRate
from komainu.eval.board import Board, Entry
from komainu.eval.sampler import Cut, sampler_sweep
from komainu.models.base import Model
from komainu.release.card import Card
from komainu.stage import wiring
from tests.release.conftest import Built
from tests.release.world import Base, Family, Snapshot, build, context, with_board

EVIL = "<script>alert(1)</script>|`x`"


def readme_of(built: Built, found: dict[str, Any], **changed: Any) -> str:
    """The README of the same family with another board."""
    card = built.family.card(board=with_board(found), **changed)
    return (build(card, built.ctx) / "README.md").read_text(encoding="utf-8")


def problems(card: Card) -> list[str]:
    return [text for stage, text in wiring(card) if stage is card]


def test_the_card_is_the_model_directory_without_its_metrics(built: Built) -> None:
    model = build(built.family.training[-1], built.ctx)
    names = {p.name for p in built.card.iterdir()}
    written = {"README.md", "LICENSE", "cells.json", "generation_config.json", "record.json"}
    assert names == {"model.safetensors", "config.json", "tokenizer.json", *written}
    assert (built.card / "model.safetensors").samefile(model / "model.safetensors")


def test_pickled_files_hidden_files_and_the_models_own_readme_stay_behind(tmp_path: Path) -> None:
    family, ctx = Family(n=10), context(tmp_path)
    model = build(family.training[-1], ctx)
    for name in ("README.md", "training_args.bin", ".hidden"):
        (model / name).write_text("of another model")
    (model / "sub").mkdir()
    (model / "sub" / "more.json").write_text("{}")
    card = build(family.card(), ctx)
    assert "of another model" not in (card / "README.md").read_text(encoding="utf-8")
    assert (model / "README.md").read_text() == "of another model"
    assert {p.name for p in card.iterdir()} & {"training_args.bin", ".hidden"} == set()
    assert (card / "sub" / "more.json").exists()


def test_the_hub_finds_its_metadata(built: Built) -> None:
    head = built.readme.split("---\n")[1]
    for line in ("license: apache-2.0", "language:\n- ja\n- en", "datasets:\n- textbook", "library_name: transformers"):
        assert line in head
    assert "pipeline_tag: text-generation" in head and "base_model" not in head


def test_a_base_from_the_hub_is_named_there(built: Built) -> None:
    base = Snapshot(data=built.family.data, repo="lions/base-7b")
    text = readme_of(built, built.board, base=base)
    assert "base_model: lions/base-7b" in text and "https://huggingface.co/lions/base-7b" in text


def test_every_score_shown_is_a_cell_with_its_artifacts(built: Built) -> None:
    cells = json.loads((built.card / "cells.json").read_bytes())
    assert cells["DPO/exact/ja/exact"]["scores"].startswith("scores/")
    for row in built.board["rows"]:
        cell = cells["/".join(row[k] for k in ("entry", "bench", "language", "metric"))]
        assert cell == {k: row[k] for k in ("mean", "low", "high", "n", "missing", "scores", "answers")}
        assert built.ctx.store.at(cell["scores"]) and built.ctx.store.at(cell["answers"])
    known = {f"{100 * c['mean']:.1f} [{100 * c['low']:.1f}, {100 * c['high']:.1f}]" for c in cells.values() if "n" in c}
    known |= {f"{c['mean']:.1f} [{c['low']:.1f}, {c['high']:.1f}]" for c in cells.values() if "cells" in c}
    for section in ("### By benchmark", "### By task", "## Scores"):
        text = built.readme.split(section)[1].split("\n#")[0]
        shown = re.findall(r"\d+\.\d \[[\d., ]+\]", text)
        assert shown and set(shown) <= known


def test_a_changed_number_changes_the_card(built: Built) -> None:
    found = copy.deepcopy(built.board)
    row = next(r for r in found["rows"] if r["entry"] == "DPO" and r["bench"] == "exact" and r["language"] == "ja")
    row |= {"mean": 0.1234, "low": 0.1111, "high": 0.1357, "missing": 3}
    found["headline"][-1]["avg"] |= {"mean": 43.21}
    text = readme_of(built, found)
    assert "12.3 [11.1, 13.6]" in text and "0 / 0 / 3" in text
    assert "DPO 43.2" in text and "12.3 [11.1" not in built.readme


def test_the_card_says_not_distinguishable_where_that_is_the_truth(built: Built) -> None:
    found = copy.deepcopy(built.board)
    for each in found["headline_decisions"]:
        each |= {"word": "not distinguishable", "difference": 0.4, "low": -1.0, "high": 1.9, "p_holm": 0.61}
    text = readme_of(built, found)
    assert "DPO is not distinguishable from SFT (difference +0.4; 95 % interval -1.0 to +1.9, p 0.610" in text
    assert "is better than" not in text and "is worse than" not in text


def test_a_withheld_average_shows_its_bounds_and_its_reason(built: Built) -> None:
    found = copy.deepcopy(built.board)
    why = "exact (ja) lacks 3.0 % of its verdicts, more than 0.5 %"
    bounds = {"mean": None, "low": None, "high": None, "withheld": why, "worst": 80.12, "best": 83.12}
    found["headline"][-1] |= {"ja": bounds, "avg": bounds}
    for each in found["headline_decisions"]:
        each |= {**dict.fromkeys(("difference", "low", "high", "detectable", "p", "p_holm", "word")), "withheld": why}
    text = readme_of(built, found)
    assert "DPO withheld (80.1 to 83.1)" in text and "JA avg: exact (ja) lacks 3.0 %" in text
    assert f"DPO against SFT is not decided: {why}." in text
    cells = json.loads((build(built.family.card(board=with_board(found)), built.ctx) / "cells.json").read_bytes())
    assert cells["DPO/headline/ja"]["mean"] is None


def test_what_a_name_holds_is_text(built: Built) -> None:
    found = json.loads(json.dumps(built.board).replace('"base"', json.dumps(EVIL)))
    text = readme_of(built, found)
    assert "<script>" not in text and "&lt;script&gt;alert(1)&lt;/script&gt;\\|\\`x\\`" in text


def test_training_data_is_told_with_licences_and_drops(built: Built) -> None:
    ref = built.ctx.store.find(built.family.data)
    assert ref is not None
    dropped = ref.summary["dropped"]["Filter"]
    assert f"| {ref.ref} | Filter | leakage | {dropped['leakage']} |" in built.readme
    assert f"| {ref.ref} | textbook | apache-2.0 | ja |" in built.readme
    assert f"- {ref.ref}: Ask → Filter" in built.readme
    assert "come from the same source (textbook)" in built.readme


def test_the_examples_sample_as_the_sweep_advises(built: Built) -> None:
    assert "do_sample=True, temperature=0.7, top_p=0.9" in built.readme
    assert '"temperature": 0.7, "top_p": 0.9' in built.readme
    without = readme_of(built, built.board, sweep=None)
    assert "do_sample" not in without and '"temperature": 0,' in without


def test_several_temperatures_and_temperatures_by_task_are_told_and_no_example_has_them(built: Built) -> None:
    found = copy.deepcopy(built.board)
    rows = [row for row in found["rows"] if row["entry"] == "DPO"]
    for row in rows:
        row["sampling"] = {"temperature": [0.0, 0.7]}
    rows[-1]["sampling"] = {"temperature": {"writing": 0.7, "math": 0.0}}
    rows[-2]["sampling"] = {}
    readme = readme_of(built, found, sweep=None)
    assert "measured with temperature 0/0.7 and with temperature writing 0.7/math 0" in readme
    assert '"temperature": 0,' in readme and "do_sample" not in readme


def test_a_real_sweep_is_advised_from(built: Built) -> None:
    family = built.family
    model = Model(name="DPO", weights=family.training[-1])
    sweep = sampler_sweep(
        model,
        family.items,
        quality=(ExactMatch(language="ja"),),
        leakage=(LeakageRate(language="ja"),),
        temperatures=(0.0, 1.0),
        cuts=(Cut(), Cut(top_p=0.9)),
    )
    advice = built.ctx.store.build(sweep, built.ctx).summary["advice"]
    assert f"Use **{advice['point']}**: {advice['why']}." in readme_of(built, built.board, sweep=sweep)


def test_the_card_is_equal_on_a_faster_machine(built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Base, "speed", 9999.0)
    other = context(tmp_path / "elsewhere")
    card, report = build(built.family.card(), other), build(built.family.report(), other)
    for name in ("README.md", "cells.json"):
        assert (card / name).read_bytes() == (built.card / name).read_bytes()
    assert (report / "report.html").read_bytes() == (built.report / "report.html").read_bytes()


def test_the_entry_must_be_of_this_model(built: Built) -> None:
    family = built.family
    assert problems(family.card()) == []
    assert "entries of Card.board are: base, SFT, DPO" in problems(family.card(entry="DP0"))[0]
    assert "not of Card.model" in problems(family.card(entry="SFT"))[0]
    served = Answers(model=Model(name="DPO"), items=family.items)
    scores = tuple(Scores(answers=served, bench=bench) for bench in family.benches())
    assert problems(family.card(board=Board(entries=(Entry(name="DPO", scores=scores),)))) == []


def test_an_entry_that_board_json_lacks_stops_the_card(built: Built) -> None:
    with pytest.raises(UsageError, match="no entry 'DPO2'; did you mean 'DPO'"):
        readme_of(built, built.board, entry="DPO2")


@pytest.mark.parametrize("name", ["", "a b", "a/b/c", '"; rm -rf', "../x", "<b>"])
def test_a_name_is_one_the_hub_takes(built: Built, name: str) -> None:
    card = Card(name=name, model=built.family.training[-1], base=built.family.training[0], board=built.family.board,
                entry="DPO", data=())  # fmt: skip
    assert any("Card.name" in problem for problem in problems(card))


def test_weights_without_safetensors_are_no_release(tmp_path: Path) -> None:
    family, ctx = Family(n=10), context(tmp_path)
    (build(family.training[-1], ctx) / "model.safetensors").unlink()
    with pytest.raises(UsageError, match=r"holds no \.safetensors file"):
        build(family.card(), ctx)


@pytest.mark.parametrize("damage", [b"", b"\xff" * 40, b"\x02\0\0\0\0\0\0\0[]"])
def test_damaged_weights_are_named(tmp_path: Path, damage: bytes) -> None:
    family, ctx = Family(n=10), context(tmp_path)
    (build(family.training[-1], ctx) / "model.safetensors").write_bytes(damage)
    with pytest.raises(UsageError, match=r"model\.safetensors of the model is no safetensors file"):
        build(family.card(), ctx)


def test_parameters_are_counted_from_the_files(built: Built) -> None:
    assert f"| apache-2.0 | lions/komainu-1m | {(2048 * 128 + 128 * 64) / 1000:.1f}k | 512 |" in built.readme
