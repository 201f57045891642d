"""A set as a directory for the hub: what its card tells, what its files hold, what stops it, and its way there."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from komainu.checks.empty import Empty
from komainu.context import Context
from komainu.data.ask import Ask
from komainu.data.base import Dataset
from komainu.data.files import ChatFile, PairFile
from komainu.data.filter import Filter
from komainu.data.mix import Mix, Part
from komainu.errors import UsageError
from komainu.files import read_objects
from komainu.models.base import Model, Reply
from komainu.release import data_files
from komainu.release.datacard import DataCard
from komainu.release.teachers import NOT_STATED, terms_of
from komainu.rows import Chat, Message, Pair
from komainu.store import Artifact
from tests.data.fakes import Fake, Rows, chat, context, source
from tests.release.hub import Hub, served
from tests.test_cli import Run, komainu_  # noqa: F401  (a fixture)

QWEN, HOUSE = Model(name="qwen2.5-32b"), Model(name="house")
KEY = "hf_" + "a" * 34


def asked(name: str, n: int, model: Model, **meta: Any) -> Dataset:
    rows = source(*(chat(f"{name}{i}", f"{name} {i}", source=name, **meta) for i in range(n)))
    return Dataset(sources=(rows,), steps=(Ask(model=model), Filter(checks=(Empty(),))))


JA = asked("ja-set", 6, QWEN, lang="ja", licence="apache-2.0")
EN = asked("en-set", 8, HOUSE, lang="en", licence="cc-by-4.0")
MIX = Mix(parts=(Part(stage=JA), Part(stage=EN, weight=0.5)), seed=42)
CARD = DataCard(name="owner/set", data=MIX, licence="cc-by-4.0", about="Small talk.", terms={"house": "ours"})


class Teacher(Fake):
    """Leaves one question in seven without an answer."""

    def ask(self, model: Model, questions: Any) -> Any:
        for reply, question in zip(super().ask(model, questions), questions, strict=True):
            yield Reply("") if question.messages[-1].content.endswith("3") else reply


@pytest.fixture(scope="module")
def ctx(tmp_path_factory: pytest.TempPathFactory) -> Context:
    return context(tmp_path_factory.mktemp("cards"), Teacher())


@pytest.fixture(scope="module")
def made(ctx: Context) -> Artifact:
    return ctx.store.build(CARD, ctx)


def test_the_card_tells_what_the_hub_reads_where_rows_come_from_and_what_was_dropped(made: Artifact) -> None:
    text = (made.path / "README.md").read_text()
    _, head, body = text.split("---\n", 2)
    assert "license: cc-by-4.0" in head and "- en\n- ja" in head and '- "n<1K"' in head and "- synthetic" in head
    assert "path: data/train-*.parquet" in head and "Small talk." in body and 'load_dataset("owner/set"' in body
    assert "| ja-set | apache-2.0 | ja | 5 | 55.6 % |" in body and "| en-set | cc-by-4.0 | en | 4 | 44.4 % |" in body
    assert f"| Dataset {EN.id} | 0.5 | 7 | 4 | 0.5714 |" in body
    assert f"| dataset/{EN.id} | rows in | 8 |" in body and f"| dataset/{EN.id} | Filter | empty | 1 |" in body
    assert "| house | Ask | ours | 4 |" in body and "| qwen2.5-32b | Ask | Apache-2.0: nothing is asked" in body


def test_its_files_have_a_row_each_with_its_own_licence_and_no_labels(made: Artifact, ctx: Context) -> None:
    (file,) = (made.path / "data").iterdir()
    rows = [row for _, row in read_objects(file)]
    there = {row.id: row for row in ctx.open(MIX).rows()}
    assert [row["id"] for row in rows] == list(there)
    for row in rows:
        before = there[row["id"]]
        assert isinstance(before, Chat)
        assert [(m["role"], m["content"]) for m in row["messages"]] == [(m.role, m.content) for m in before.messages]
        assert row["licence"] == before.meta["licence"] and row["language"] == before.meta["lang"]
        assert json.loads(row["meta"])["from"] == before.meta["from"]


def test_labels_of_faults_stay_here_and_extras_of_turns_are_kept(ctx: Context) -> None:
    turns = (Message("user", "q", {"name": "x", "shape": "y"}), Message("assistant", "a"))
    row = Chat("a", turns, {"licence": "mit", "hidden": {"fault": "leak"}, "shape": "z", "task": "talk"})
    found = data_files.columns(row)
    assert json.loads(found["meta"]) == {"task": "talk", "extra_of_messages": [{"name": "x"}, {}]}


def test_published_files_can_be_read_again_as_sources(made: Artifact, ctx: Context) -> None:
    (file,) = (made.path / "data").iterdir()
    again = ctx.store.build(ChatFile(path=str(file), licence="cc-by-4.0"), ctx)
    texts = [[m.content for m in row.messages] for row in again.rows() if isinstance(row, Chat)]
    assert texts == [[m.content for m in row.messages] for row in ctx.open(MIX).rows() if isinstance(row, Chat)]
    pairs = source(Pair("p", chat("x", "q").messages, "good", "bad", {"licence": "mit"}))
    card = ctx.store.build(DataCard(name="owner/pairs", data=pairs, licence="mit"), ctx)
    (file,) = (card.path / "data").iterdir()
    (pair,) = ctx.store.build(PairFile(path=str(file), licence="mit"), ctx).rows()
    assert isinstance(pair, Pair) and (pair.chosen, pair.rejected) == ("good", "bad")
    assert "- preference" in (card.path / "README.md").read_text()


def test_many_rows_are_in_several_files(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_files, "SHARD", 4)
    card = ctx.store.build(DataCard(name="owner/shards", data=MIX, licence="cc-by-4.0"), ctx)
    names = [f"data/train-0000{i}-of-00003.parquet" for i in range(3)]
    assert card.summary["files"] == ["README.md", *names]
    ids = [row["id"] for name in names for _, row in read_objects(card.path / name)]
    assert ids == [row.id for row in ctx.open(MIX).rows()]


def test_the_same_set_gives_the_same_bytes(made: Artifact, tmp_path: Path) -> None:
    other = context(tmp_path, Teacher())
    assert other.store.build(CARD, other).record["files"] == made.record["files"]


def test_datasets_loads_it_as_it_is(made: Artifact, ctx: Context, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    found = datasets.load_dataset(str(made.path), cache_dir=str(tmp_path), split="train")
    assert found["id"] == [row.id for row in ctx.open(MIX).rows()]
    assert found.column_names == ["id", "messages", "source", "licence", "language", "meta"]


@pytest.mark.parametrize(
    ("licence", "release", "why"),
    [
        ("cc-by-sa-4.0", "apache-2.0", "must stay under it"),
        ("cc-by-nc-4.0", "cc-by-sa-4.0", "forbids commercial use"),
        ("cc-by-4.0", "cc0-1.0", "its source is named"),
        ("llama3.1", "apache-2.0", "terms travel"),
        ("", "mit", "no licence is stated"),
    ],
)
def test_rows_that_conflict_with_the_licence_of_the_set_are_named(
    licence: str, release: str, why: str, ctx: Context
) -> None:
    rows = source(chat("a", "q", "a", licence=release), chat("bad-row", "q", "a", licence=licence))
    with pytest.raises(UsageError, match=rf"bad-row.*{why}"):
        ctx.store.build(DataCard(name="o/n", data=rows, licence=release), ctx)
    if licence:
        ctx.store.build(DataCard(name="o/n", data=rows, licence=release, allowed=(licence,)), ctx)


def test_a_key_in_a_row_stops_it_and_is_not_shown(ctx: Context) -> None:
    rows = source(chat("a", "q", "a", licence="mit"), chat("leaky", "q", f"use {KEY} now", licence="mit"))
    with pytest.raises(UsageError, match="row leaky holds a Hugging Face token") as told:
        ctx.store.build(DataCard(name="o/n", data=rows, licence="mit"), ctx)
    assert KEY not in str(told.value)


def test_a_sample_never_tells_of_a_path(ctx: Context) -> None:
    rows = source(
        *(chat(f"r{i}", "where?", "in /home/ann" if i else "here", licence="mit", lang="en") for i in range(9))
    )
    card = ctx.store.build(DataCard(name="o/paths", data=rows, licence="mit"), ctx)
    text = (card.path / "README.md").read_text()
    assert "assistant: here" in text and "/home" not in text


def test_terms_of_models_are_those_given_then_those_known() -> None:
    assert terms_of("Llama-3.3-70B-Instruct", {}).startswith("Llama 3.x")
    assert "compete" in terms_of("gpt-4o", {}) and terms_of("gpt-4o", {"gpt-4o": "mine"}) == "mine"
    assert terms_of("our-own", {}) == NOT_STATED and "Qwen licence" in terms_of("qwen2.5-72b-instruct", {})


@pytest.fixture
def put(komainu_: Run, made: Artifact, ctx: Context) -> str:  # noqa: F811
    """The card in the store of the command line."""
    shutil.copytree(ctx.store.root, "store")
    return made.ref


def test_a_set_of_the_store_gets_its_card_and_a_dry_run_lists_it(komainu_: Run, put: str, tmp_path: Path) -> None:  # noqa: F811
    out = tmp_path / "out"
    words = ["--name", "owner/set", "--licence", "cc-by-4.0", "--about", "Made by the verb.", "--terms", "house=ours"]
    said = komainu_("data", "card", f"mix/{MIX.id}", *words, "--out", str(out), "--json")
    assert said.code == 0 and said.json["rows"] == 9 and said.json["models"] == ["house", "qwen2.5-32b"]
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()) == said.json["files"]
    listed = komainu_("data", "push", said.json["ref"], "--to", "owner/set", "--dry-run", "--json").json
    assert [file["path"] for file in listed["files"]] == said.json["files"] and listed["commit"] is None
    assert all(re.fullmatch("[0-9a-f]{64}", file["sha256"]) and file["bytes"] for file in listed["files"])
    refused = komainu_("data", "card", f"mix/{MIX.id}", "--name", "owner/set", "--licence", "cc0-1.0")
    assert refused.code == 2 and "DataCard.allowed" in refused.err


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # of huggingface_hub's own upload
def test_a_push_is_one_commit_of_the_listed_files_and_takes_old_ones_away(
    komainu_: Run,  # noqa: F811
    put: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with served() as hub:
        hub.files = {"data/train-00001-of-00002.parquet": b"old", "NOTES.md": b"by hand"}
        monkeypatch.setattr("huggingface_hub._commit_api.is_xet_available", lambda: False)  # the hub here has LFS alone
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("SET_TOKEN", KEY)
        said = komainu_("data", "push", put, "--to", "owner/set", "--token", "SET_TOKEN", "--private", "--json")
        assert said.code == 0, said.err
        check_pushed(hub, put, said.json)
        again = komainu_("data", "push", put, "--to", "owner/set", "--token", "SET_TOKEN", "--json")
        assert again.code == 0 and again.json["commit"] is None and len(hub.commits) == 1
        hub.refuses, hub.files["README.md"] = 403, b"by hand"
        refused = komainu_("data", "push", put, "--to", "owner/set", "--token", "SET_TOKEN")
        assert refused.code == 2 and "was not pushed" in refused.err and KEY not in refused.err


def check_pushed(hub: Hub, ref: str, told: dict[str, Any]) -> None:
    path = Path("store", ref)
    names = [file["path"] for file in told["files"]]
    assert hub.files == {"NOTES.md": b"by hand", **{name: (path / name).read_bytes() for name in names}}
    assert [*hub.blobs] == [file["sha256"] for file in told["files"] if file["path"].startswith("data/")]
    assert len(hub.commits) == 1 and hub.tokens <= {f"Bearer {KEY}", ""} and f"Bearer {KEY}" in hub.tokens
    assert hub.made[0]["type"] == "dataset" and told["commit"].startswith(hub.url)


def test_what_cannot_be_pushed_is_said_before_anything_is_sent(komainu_: Run, put: str) -> None:  # noqa: F811
    cases = (
        ([f"mix/{MIX.id}", "--to", "owner/set"], "not a card; make one"),
        ([put, "--to", "owner/other"], "says that it is owner/set"),
        ([put, "--to", "owner/set", "--token", "NO_SUCH_TOKEN"], "NO_SUCH_TOKEN is not set"),
        ([put, "--to", "owner/set", "--token", KEY], "never the token itself"),
    )
    for words, why in cases:
        said = komainu_("data", "push", *words)
        assert said.code == 2 and why in said.err and KEY not in said.err
    readme = Path("store", put, "README.md")
    readme.write_text(readme.read_text() + "more")
    said = komainu_("data", "push", put, "--to", "owner/set", "--dry-run")
    assert said.code == 2 and "has been changed" in said.err


def test_wrong_fields_are_named() -> None:
    rows: Rows = source(chat("a", "q", "a", licence="mit"))
    assert "give owner/name" in next(iter(DataCard(name="set", data=rows, licence="mit").check()))
    assert "licence is empty" in next(iter(DataCard(name="o/n", data=rows, licence=" ").check()))
