"""`komainu eval run` and a short context: scaled where it can be, told before anything is asked, refused where not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from komainu.cli import main
from komainu.eval.evaluation import evaluation
from komainu.eval.shelf import Shelf
from komainu.eval.suites import ifeval
from komainu.files import read_rows
from komainu.models.base import Model, Reply, RopeScaling
from komainu.rows import Chat
from komainu.store import Store
from komainu.train.directory import Directory
from tests.eval.commands import alone
from tests.eval.world import Parrot
from tests.models.conftest import server as server  # fixtures
from tests.models.conftest import tiny_model as tiny_model
from tests.models.fake_server import Server
from tests.test_cli import Run, Said
from tests.test_cli_eval import items

IFEVAL = ("--bench", "ifeval")


@pytest.fixture
def asked() -> list[Model]:
    return []


@pytest.fixture
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    items(tmp_path / "sets" / "en" / "ifeval_input_data.jsonl", 3, "en")
    monkeypatch.setenv("KOMAINU_ITEMS", str(tmp_path / "sets"))
    return tmp_path / "sets"


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], asked: list[Model], sets: Path
) -> Iterator[Run]:
    """Run `komainu eval run` in a folder of its own; a parrot answers, and keeps who was asked."""

    def say(model: Model, text: str, sample: int) -> str | Reply:
        asked.append(model)
        return "a b c"

    alone(Parrot(say), tmp_path, monkeypatch)
    monkeypatch.setenv("KOMAINU_ITEMS", str(sets))
    yield lambda *words: Said(main(["eval", "run", *words]), *capfd.readouterr())


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    """A model directory with a context of 128 tokens."""
    return copytree(tiny_model, tmp_path / "small")


def configured(path: Path, **config: Any) -> Path:
    found = {**json.loads((path / "config.json").read_text()), **config}
    (path / "config.json").write_text(json.dumps({k: v for k, v in found.items() if v is not None}))
    return path


def test_a_short_context_is_scaled_for_what_is_asked_and_the_plan_the_results_and_the_log_say_so(
    run: Run, model: Path, asked: list[Model]
) -> None:
    words = (str(model), "max_tokens=150", *IFEVAL)
    plan = run(*words, "--plan")
    (line,) = [line for line in plan.out.splitlines() if line.startswith("RoPE scaling")]
    assert line.startswith("RoPE scaling 2, which changes what is answered: small was trained on 128 tokens, ifeval ")
    assert "rope 2" in plan.out.splitlines()[0] and asked == []
    planned = run(*words, "--plan", "--json").json["room"]
    assert planned["rope"] == 2 and planned["takes"] == 256 and not planned["short"]
    assert planned["needs"] == planned["prompt"] + 150 <= 256 and planned["item"].startswith("ifeval-")
    found = run(*words)
    assert found.code == 0 and found.err.startswith(line) and line in found.out.splitlines()
    assert {model.rope for model in asked} == {RopeScaling(factor=2)}
    told = run(*words, "--json").json
    assert told["room"] == planned and {row["sampling"]["rope"] for row in told["rows"]} == {2}
    assert "RoPE scaling 2: small" in board().splitlines()


def long(path: Path, n: int, lang: str, more: str) -> None:
    """Items whose prompts end in `more`."""
    items(path, n, lang)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps({**row, "prompt": f"{row['prompt']} {more}"}) + "\n" for row in rows))


def board() -> str:
    from komainu.cli_board import board as verb
    from komainu.cli_eval import Sheet

    return "\n".join(verb(Sheet(), False).lines)


@pytest.mark.parametrize(("tokens", "factor"), [(40, 0), (150, 2), (400, 4), (3900, 32)])
def test_the_scaling_is_the_least_that_is_enough(run: Run, model: Path, tokens: int, factor: int) -> None:
    found = run(str(model), f"max_tokens={tokens}", *IFEVAL, "--plan", "--json").json
    assert found["room"]["rope"] == factor == found["asked"][0].get("rope", 0)


def test_what_fits_is_asked_without_scaling_under_the_id_it_always_had(
    run: Run, model: Path, asked: list[Model], sets: Path
) -> None:
    found = run(str(model), "max_tokens=40", *IFEVAL, "--json").json
    plain = evaluation(Model(name="small", weights=Directory.of(str(model))), ifeval(Shelf((sets,))), max_tokens=40)
    assert found["ref"] == f"board/{plain.id}" and found["room"]["rope"] == 0
    assert {model.rope for model in asked} == {None} and "rope" not in found["rows"][0]["sampling"]
    assert not any("RoPE" in line for line in run(str(model), "max_tokens=40", *IFEVAL).out.splitlines())


def test_all_benches_and_all_runs_of_an_evaluation_are_asked_of_one_model(run: Run, model: Path, sets: Path) -> None:
    long(sets / "ja_input_data.jsonl", 2, "ja", "ながい" * 40)
    words = (str(model), "max_tokens=60", *IFEVAL, "--bench", "m-ifeval", "--runs", "2")
    found = run(*words, "--json").json
    assert found["room"]["bench"] == "m_ifeval" and found["room"]["rope"] > 1
    assert {row["sampling"]["rope"] for row in found["rows"]} == {found["room"]["rope"]}
    assert run(*words[:4], "--plan", "--json").json["room"]["rope"] == 0


@pytest.mark.parametrize(
    ("config", "tokens", "why"),
    [
        ({}, 5000, "that is more than 32 times as many"),
        ({"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 1e4}}, 150, "'linear'"),
        ({"rope_parameters": None, "max_position_embeddings": None, "n_positions": 128}, 150, "no rotary positions"),
    ],
    ids=["too far", "scaled already", "other positions"],
)
def test_what_scaling_cannot_give_is_refused_before_anything_is_asked(
    run: Run, model: Path, asked: list[Model], config: dict[str, Any], tokens: int, why: str
) -> None:
    words = (str(configured(model, **config)), f"max_tokens={tokens}", *IFEVAL)
    for more in ((), ("--plan",)):
        said = run(*words, *more)
        assert said.code == 2 and why in said.err and said.out == "" and asked == []
        assert f"{tokens} of answer" in said.err and "small was trained on a context of 128 tokens" in said.err
    assert not Path("store").exists()
    found = run(*words, "rope=none")
    assert found.code == 0 and {model.rope for model in asked} == {None}
    assert found.err.startswith("small takes 128 tokens, ifeval may need ") and "is cut off or missing" in found.out


def test_a_scaling_that_is_said_stands_and_is_in_the_name(run: Run, model: Path, asked: list[Model]) -> None:
    found = run(str(model), "max_tokens=400", "rope=2", *IFEVAL, "--json").json
    assert found["room"]["rope"] == 2 and found["room"]["short"] and found["name"].endswith("max_tokens=400,rope=2")
    assert {model.rope for model in asked} == {RopeScaling(factor=2)}
    found = run(str(model), "max_tokens=40", "rope=4", *IFEVAL, "--json").json
    assert found["rows"][0]["sampling"]["rope"] == 4 and not found["room"]["short"]
    assert run(str(model), "rope=none", *IFEVAL, "--json").json["name"].endswith(",rope=none")
    assert "must be none or int" in run(str(model), "rope=x", *IFEVAL).err
    assert "from 2 to 32" in run(str(model), "rope=1", *IFEVAL).err


def test_a_context_of_8k_or_more_is_never_scaled_and_too_little_of_it_is_told(run: Run, model: Path) -> None:
    words = (str(configured(model, max_position_embeddings=8192)), "max_tokens=8192", *IFEVAL)
    found = run(*words, "--plan")
    assert "small takes 8192 tokens, ifeval may need " in found.out and found.code == 0
    assert run(*words, "--plan", "--json").json["room"]["rope"] == 0


def test_a_config_without_a_context_tells_no_room(run: Run, model: Path) -> None:
    words = (str(configured(model, max_position_embeddings=None)), *IFEVAL, "--plan", "--json")
    assert run(*words).json["room"] is None


def test_a_model_of_the_store_is_scaled_too(run: Run, model: Path, asked: list[Model]) -> None:
    run(str(model), "max_tokens=40", *IFEVAL)
    stored = Directory.of(str(model))
    found = run(Store(Path("store")).find(stored).ref, "max_tokens=150", *IFEVAL, "--json").json  # type: ignore[union-attr]
    assert found["room"]["rope"] == 2 and asked[-1].rope == RopeScaling(factor=2)


def test_a_model_of_the_hub_is_fetched_first_and_not_for_a_plan(
    run: Run, model: Path, asked: list[Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *args, **how: str(model))
    words = (f"owner/small@{'0' * 40}", "max_tokens=150", *IFEVAL, "--json")
    assert run(*words, "--plan").json["room"] is None and not Path("store").exists()
    found = run(*words).json
    assert found["room"]["rope"] == 2 and {model.rope for model in asked} == {RopeScaling(factor=2)}
    assert run(*words, "--plan").json["room"] == found["room"]  # it is there now
    assert "40 hex digits" in run("owner/small@main", *IFEVAL).err


def test_a_server_that_takes_too_little_is_refused_unless_its_scaling_is_said(
    run: Run, server: Server, asked: list[Model]
) -> None:
    server.models = lambda request: {"data": [{"id": "m", "max_model_len": 512}]}
    server.tokenizer = lambda body: {"tokens": [*range(100)]}
    words = (f"{server.url}#m", "max_tokens=450", *IFEVAL)
    plan = run(*words, "--plan", "--json").json
    assert plan["room"] is None and server.headers == []  # a plan sends nothing
    said = run(*words)
    assert said.code == 2 and said.out == "" and asked == []
    assert "the server of 'm' takes 512 tokens, ifeval may need 550 (ifeval-" in said.err
    assert "`komainu serve DIR --context 550`" in said.err
    found = run(*words, "rope=2", "--json").json
    assert found["room"]["short"] and found["room"]["takes"] == 512 and found["rows"][0]["sampling"]["rope"] == 2
    assert run(*words, "rope=none", "--json").code == 0 and asked[-1].rope is None
    assert run(f"{server.url}#m", "max_tokens=400", *IFEVAL, "--json").json["room"]["short"] is False
    server.models = lambda request: {"data": [{"id": "m", "max_model_len": 9000}]}
    said = run(f"{server.url}#m", "max_tokens=8950", *IFEVAL)
    assert said.code == 0 and "m takes 9000 tokens, ifeval may need 9050" in said.out


def test_with_a_real_model_longer_prompts_are_answered(
    tmp_path: Path, tiny_model: Path, sets: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOMAINU_THREADS", "1")
    for name in ("KOMAINU_SETTINGS", "KOMAINU_STORE", "KOMAINU_FIXTURES"):
        monkeypatch.delenv(name, raising=False)
    long(sets / "en" / "ifeval_input_data.jsonl", 2, "en", "dogs ran " * 60)
    words = ("eval", "run", str(tiny_model), "max_tokens=8", *IFEVAL, "--json")

    def replies(*more: str) -> list[str]:
        assert main([*words, *more]) in (0, 4)
        found = json.loads(capfd.readouterr().out)
        row = json.loads((Path(found["path"]) / "board.json").read_bytes())["rows"][0]
        rows = read_rows(Path("store") / row["answers"] / "rows.jsonl")
        return [row.meta.get("finish", "stop") for row in rows if isinstance(row, Chat)]

    assert "context_overflow" not in replies() and {*replies("rope=none")} == {"context_overflow"}
