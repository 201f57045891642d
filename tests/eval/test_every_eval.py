"""A board for the shared database of evaluations: what its schema asks for, and the numbers of the board."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from komainu.context import Context
from komainu.eval.every_eval import ITEM_VERSION, VERSION, export
from komainu.store import Artifact
from tests.eval.view_world import board, say
from tests.eval.world import context

# Version 0.2.1 of the schema: what must be there, and what else may be.
NEEDED = {
    "schema_version",
    "evaluation_id",
    "retrieved_timestamp",
    "source_metadata",
    "model_info",
    "eval_library",
    "evaluation_results",
}
ALLOWED = NEEDED | {"evaluation_timestamp", "detailed_evaluation_results", "dedupe_identity"}
ITEM_NEEDED = {
    "schema_version",
    "evaluation_id",
    "model_id",
    "evaluation_name",
    "sample_id",
    "interaction_type",
    "input",
    "answer_attribution",
    "evaluation",
}
ITEM_ALLOWED = ITEM_NEEDED | {"sample_hash", "output", "messages", "token_usage", "performance", "error", "metadata"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Artifact, Context, Path]:
    folder = tmp_path_factory.mktemp("exported")
    ctx = context(folder / "store", say)
    built = ctx.store.build(board(n=6), ctx)
    export(built, ctx.store, folder / "out", "lions")
    return built, ctx, folder / "out"


def files(out: Path) -> list[tuple[dict[str, Any], list[dict[str, Any]], Path]]:
    found = []
    for file in sorted(out.rglob("*.json")):
        items = [json.loads(line) for line in file.with_suffix(".jsonl").read_bytes().splitlines()]
        found.append((json.loads(file.read_bytes()), items, file))
    return found


def test_every_model_and_benchmark_has_its_file(made: tuple[Artifact, Context, Path]) -> None:
    built, _, out = made
    rows = json.loads((built.path / "board.json").read_bytes())["rows"]
    shown = {
        (each["model_info"]["name"], result["evaluation_name"]): (
            result["score_details"]["score"],
            *(result["score_details"]["uncertainty"]["confidence_interval"][k] for k in ("lower", "upper")),
        )
        for each, _, _ in files(out)
        for result in each["evaluation_results"]
    }
    wanted = {
        (r["entry"], f"{r['bench']} ({r['language']}): {r['metric']}"): (r["mean"], r["low"], r["high"])
        for r in rows
        if r["mean"] is not None
    }
    assert shown == wanted and len(wanted) > 5


def test_files_have_what_the_schema_asks_for_and_no_more(made: tuple[Artifact, Context, Path]) -> None:
    for each, items, file in files(made[2]):
        assert set(each) >= NEEDED and set(each) <= ALLOWED and each["schema_version"] == VERSION
        assert file.parts[-3:-1] == tuple(each["model_info"]["id"].split("/"))
        assert each["evaluation_id"].split("/")[0] == file.parts[-4]
        assert each["detailed_evaluation_results"]["total_rows"] == len(items)
        digest = hashlib.sha256(file.with_suffix(".jsonl").read_bytes()).hexdigest()
        assert each["detailed_evaluation_results"]["checksum"] == digest
        for result in each["evaluation_results"]:
            config = result["metric_config"]
            assert config["min_score"] <= result["score_details"]["score"] <= config["max_score"]
            assert all(isinstance(v, str) for v in result["score_details"]["details"].values())
            if "llm_scoring" in config:
                assert config["llm_scoring"]["judges"] and config["llm_scoring"]["input_prompt"]
        for item in items:
            assert set(item) >= ITEM_NEEDED and set(item) <= ITEM_ALLOWED and item["schema_version"] == ITEM_VERSION
            assert item["evaluation_id"] == each["evaluation_id"] and isinstance(item["evaluation"]["is_correct"], bool)
            single = item["interaction_type"] == "single_turn"
            assert (item["messages"] is None) == single and (item["output"] is None) != single
            assert all(isinstance(v, str) for v in item["metadata"].values())


def test_the_mean_of_the_items_is_the_number_told(made: tuple[Artifact, Context, Path]) -> None:
    compared = 0
    for each, items, _ in files(made[2]):
        for result in each["evaluation_results"]:
            values = [i["evaluation"]["score"] for i in items if i["evaluation_name"] == result["evaluation_name"]]
            assert len(values) == result["score_details"]["uncertainty"]["num_samples"]
            assert sum(values) / len(values) == pytest.approx(result["score_details"]["score"], abs=1e-4)
            compared += 1
    assert compared > 5


def test_it_is_written_the_same_again(made: tuple[Artifact, Context, Path], tmp_path: Path) -> None:
    built, ctx, out = made
    export(built, ctx.store, tmp_path, "lions")
    first, second = ({p.relative_to(at): p.read_bytes() for p in at.rglob("*.json*")} for at in (out, tmp_path))
    assert first == second and len(first) > 5
