"""A released model on its way to a hub: what would go, what is there already, and a push that was killed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from komainu.release.card import Card
from komainu.store import Store
from tests.release.hub import Hub, served
from tests.release.test_proof import forged
from tests.release.world import Family, build, context
from tests.test_cli import Run, komainu_  # noqa: F401  (a fixture)

# huggingface_hub's own upload
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
KEY = "hf_" + "a" * 34
ROOT = Path(__file__).parents[2]
TO = "lions/komainu-1m"


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> tuple[Card, Path]:
    card, ctx = Family(n=6).card(), context(tmp_path_factory.mktemp("pushed"))
    build(card, ctx)
    return card, ctx.store.root


@pytest.fixture
def ref(komainu_: Run, card: tuple[Card, Path]) -> str:  # noqa: F811
    """A card in the store of the command line."""
    shutil.copytree(card[1], "store")
    return card[0].place


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with served() as found:
        monkeypatch.setattr("huggingface_hub._commit_api.is_xet_available", lambda: False)  # the hub here has LFS alone
        monkeypatch.setenv("HF_ENDPOINT", found.url)
        monkeypatch.setenv("MODEL_TOKEN", KEY)
        yield found


WORDS = ("release", "push")
WITH = ("--to", TO, "--token", "MODEL_TOKEN")


def in_folder(ref: str) -> dict[str, bytes]:
    folder = Path("store", ref)
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    del files["record.json"]
    return files


def test_a_dry_run_lists_every_file_and_needs_no_token(komainu_: Run, ref: str) -> None:  # noqa: F811
    said = komainu_(*WORDS, ref, "--to", TO, "--token", "NO_SUCH_TOKEN", "--dry-run", "--json")
    assert said.code == 0, said.err
    names = {file["path"] for file in said.json["files"]}
    assert names == {*in_folder(ref)} and {"README.md", "model.safetensors", "generation_config.json"} <= names
    assert all(re.fullmatch("[0-9a-f]{64}", f["sha256"]) and f["there"] is None for f in said.json["files"])
    text = komainu_(*WORDS, ref, "--to", TO, "--token", "NO_SUCH_TOKEN", "--dry-run").out
    assert text.count("\n") == len(names) + 1
    assert "the hub was not asked: NO_SUCH_TOKEN is not set; nothing was sent" in text


def test_a_push_sends_what_is_new_and_takes_old_shards_away(komainu_: Run, ref: str, hub: Hub) -> None:  # noqa: F811
    files = in_folder(ref)
    asked = komainu_(*WORDS, ref, *WITH, "--dry-run", "--json")
    assert asked.code == 0 and not hub.made and {f["there"] for f in asked.json["files"]} == {False}
    old = ("model-00002-of-00002.safetensors", "model.safetensors.index.json", ".eval_results/gone.en.yaml")
    hub.files = {
        **dict.fromkeys((*old, "NOTES.md", "more/model.safetensors"), b"x"),
        "config.json": files["config.json"],
    }
    asked = komainu_(*WORDS, ref, *WITH, "--dry-run", "--json")
    assert {f["path"] for f in asked.json["files"] if f["there"]} == {"config.json"} and asked.json["old"] == [*old]
    said = komainu_(*WORDS, ref, *WITH, "--private", "--json")
    assert said.code == 0, said.err
    assert hub.files == {**files, "NOTES.md": b"x", "more/model.safetensors": b"x"}
    assert "private" in hub.made[0].values() and hub.made[0]["type"] == "model"
    assert said.json["commit"].startswith(hub.url) and hub.tokens <= {f"Bearer {KEY}", ""} and len(hub.commits) == 1
    again = komainu_(*WORDS, ref, *WITH)
    assert again.code == 0 and "all files are there already" in again.out and len(hub.commits) == 1
    assert KEY not in said.out + said.err + again.out + again.err


def test_a_dry_run_goes_without_a_hub_that_does_not_answer(komainu_: Run, ref: str, hub: Hub) -> None:  # noqa: F811
    hub.closed = 403
    said = komainu_(*WORDS, ref, *WITH, "--dry-run")
    assert said.code == 0 and "the hub was not asked: lions/komainu-1m cannot be looked at" in said.out
    said = komainu_(*WORDS, ref, *WITH)
    assert said.code == 2 and "cannot be looked at" in said.err and KEY not in said.err


def test_one_changed_file_is_sent_alone(komainu_: Run, ref: str, hub: Hub) -> None:  # noqa: F811
    files = in_folder(ref)
    hub.files = {**files, "README.md": b"x" * len(files["README.md"]), "model.safetensors": b"y"}
    said = komainu_(*WORDS, ref, *WITH, "--dry-run", "--json").json
    assert {f["path"] for f in said["files"] if not f["there"]} == {"README.md", "model.safetensors"}


def test_a_push_that_was_killed_goes_on_where_it_was(komainu_: Run, ref: str, hub: Hub) -> None:  # noqa: F811
    shas = {
        f["path"]: f["sha256"]
        for f in komainu_(*WORDS, ref, "--to", TO, "--token", "NONE", "--dry-run", "--json").json["files"]
    }
    hub.stalls = shas["model.safetensors"]
    command = [sys.executable, "-m", "komainu.cli", *WORDS, ref, *WITH]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_DISABLE_XET": "1"}
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        while not (hub.stalled.is_set() and hub.sent):
            assert first.poll() is None, "it ended before it could be killed"
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
    assert hub.sent == [shas["tokenizer.json"]] and not hub.commits and not hub.files
    hub.stalls = ""
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert hub.sent == [shas["tokenizer.json"], shas["model.safetensors"]] and hub.files == in_folder(ref)
    assert len(hub.commits) == 1 and KEY not in done.stdout + done.stderr


def test_what_cannot_be_pushed_is_said_before_anything_is_sent(
    komainu_: Run,  # noqa: F811
    ref: str,
    hub: Hub,
    card: tuple[Card, Path],
) -> None:
    cases = (
        ([card[0].board.place, "--to", TO], "not a card; name the card of a released model"),
        ([ref, "--to", "lions/other"], f"says that it is {TO}, not lions/other"),
        ([ref, "--to", "komainu-1m"], "give owner/name"),
        ([ref, "--to", TO, "--token", "NO_SUCH_TOKEN"], "NO_SUCH_TOKEN is not set"),
        ([ref, "--to", TO, "--token", KEY], "never the token itself"),
    )
    for words, why in cases:
        said = komainu_(*WORDS, *words)
        assert said.code == 2 and why in said.err and KEY not in said.err
    hub.files, hub.refuses = {"a": b"b"}, 403
    said = komainu_(*WORDS, ref, *WITH)
    assert said.code == 2 and "was not pushed, and is as it was before" in said.err
    assert "not by" in said.err and KEY not in said.err
    assert hub.files == {"a": b"b"}


@pytest.mark.parametrize(
    ("name", "planted", "why"),
    [
        ("README.md", KEY, "a Hugging Face token"),
        ("tokenizer.json", "-----BEGIN " + "PRIVATE KEY-----", "a private key"),
        ("generation_config.json", '"/home/ann/model"', "a path of a home folder"),
        ("cells.json", "value-of-a-variable", "the value of WANDB_API_KEY"),
    ],
)
def test_a_planted_key_or_path_stops_a_push_and_a_dry_run(
    name: str,
    planted: str,
    why: str,
    komainu_: Run,  # noqa: F811
    ref: str,
    hub: Hub,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "value-of-a-variable")
    forged(Store(Path("store")), ref, name, lambda text: planted)  # and every hash is right again
    for more in ((), ("--dry-run",)):
        said = komainu_(*WORDS, ref, *WITH, *more)
        assert said.code == 2 and f"{name}:1 holds {why}" in said.err and planted not in said.err and not hub.made


def test_a_changed_file_is_not_pushed(komainu_: Run, ref: str, hub: Hub) -> None:  # noqa: F811
    config = Path("store", ref, "config.json")
    text = config.read_text()
    config.unlink()
    config.write_text(text + " ")
    said = komainu_(*WORDS, ref, *WITH)
    assert said.code == 2 and "config.json has been changed" in said.err and not hub.made
