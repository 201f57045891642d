"""The first ten minutes: what the start pages say is done word for word, with servers and models of this machine."""

from __future__ import annotations

import json
import random
import shlex
import shutil
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from komainu.models.local import free_port
from komainu.store import Store
from tests.first.page import ROOT, Reader, Said, forget, verb_of
from tests.models.fake_server import Server, completion
from tests.sets.asker import judge
from tests.sets.test_roleplay import player
from tests.sets.test_roleplay import teacher as actor
from tests.sets.world import Scripted
from tests.train.world import base, context

URL = "https://llm.example.org/v1"
GREETINGS = ("犬は何匹いますか", "猫は好きですか", "how many birds are there", "where is the dog")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout as far as the pages know it: the recipes, and nothing built."""
    forget(monkeypatch)
    (tmp_path / "recipes").symlink_to(ROOT / "recipes")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOMAINU_THREADS", "1")
    return tmp_path


def said_by(said: list[Said], verb: str) -> list[str]:
    return [each.out for each in said if verb_of(each.words) == verb]


def own_data(folder: Path) -> None:
    """The base model and the chats of a reader, very small."""
    made = context(folder / "made")
    (folder / "models").mkdir()
    shutil.copytree(made.store.build(base(steps=60), made).path, folder / "models" / "base")
    rows = []
    for i in range(64):
        turns = [
            {"role": "user", "content": f"{GREETINGS[i % 4]}（{i}）"},
            {"role": "assistant", "content": f"{i}匹です。"},
        ]
        rows.append(json.dumps({"messages": turns}, ensure_ascii=False))
    (folder / "chats.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")


def actor_or_player(messages: list[dict[str, str]], seed: int) -> str:
    return actor(messages, seed) if messages[0]["role"] == "system" else player(messages, seed)


class Counting(Scripted):
    """Tells as many tokens as there are characters."""

    def answer(self, request: Any, body: dict[str, Any]) -> Any:
        text = self.models[body["model"]](body["messages"], body["seed"])
        asked = sum(len(message["content"]) for message in body["messages"])
        return web.json_response(
            {
                "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": asked, "completion_tokens": len(text)},
            }
        )


def test_only_an_api(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    server = Server()
    Counting(server, large=actor_or_player, larger=judge)
    try:
        said = Reader("api", {URL: server.url}, monkeypatch, capfd).follow()
    finally:
        server.close()
    before, after = said_by(said, "status")
    assert "USD in all" in before and "teacher" in before
    spent = [float(text.split("spent       ")[1].split()[0]) for text in (before, after)]
    assert 0.02 <= spent[0] < spent[1] <= 2
    (rows,) = (a.summary["rows"] for a in Store(Path("store")).ls() if "roleplay,n=100" in names_of(a.ref))
    assert rows > 30 and Path("look/index.html").exists() and [*Path("shards").iterdir()]
    asked = [json.dumps(body, sort_keys=True) for body in server.bodies]
    assert len(asked) == len({*asked}), "nothing is paid for twice"
    keys = {headers.get("Authorization") for headers in server.headers}
    assert keys == {"Bearer ..."}


def names_of(ref: str) -> list[str]:
    return [name for name, at in Store(Path("store")).names().items() if at == ref]


def ifeval(path: Path) -> None:
    """Items of IFEval's form."""
    rows = [
        {
            "key": i,
            "prompt": f"Say something about the number {i}.",
            "instruction_id_list": ["punctuation:no_comma"],
            "kwargs": [{}],
        }
        for i in range(60)
    ]
    path.mkdir()
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (path / "ifeval_input_data.jsonl").write_text(text, encoding="utf-8")


def answer(printed: str) -> str:
    """What comes back for the curl line that `komainu serve` prints, sent without curl."""
    (line,) = (line for line in printed.splitlines() if line.startswith("try: curl "))
    _, _, url, _, header, _, body = shlex.split(line)
    asked = urllib.request.Request(url, body.encode(), dict([header.split(": ")]))
    with urllib.request.urlopen(asked, timeout=60) as response:
        return str(json.loads(response.read())["choices"][0]["message"]["content"])


def test_one_gpu(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    own_data(folder)
    ifeval(folder / "items")
    monkeypatch.setenv("KOMAINU_ITEMS", str(folder / "items"))
    reader = Reader("gpu", {"--port 8000": f"--port {free_port()}"}, monkeypatch, capfd)
    try:
        said = reader.follow()
        assert answer(said_by(said, "serve")[0])
    finally:
        reader.close()
    (planned,) = said_by(said, "plan")
    assert "⟦" in planned, "which tokens are trained"
    (compared,) = said_by(said, "eval compare")
    assert "not distinguishable" in compared
    assert [*folder.glob("store/sft/*/adapter/adapter_model.safetensors")] and Path("check.html").exists()


def test_slurm_up_to_what_needs_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    own_data(folder)
    monkeypatch.setenv("PATH", "/nowhere")
    said = Reader("slurm", {}, monkeypatch, capfd).follow(without=("doctor", "run", "scontrol"))
    (planned,) = said_by(said, "plan")
    for line in ("#SBATCH --partition=gpu", "#SBATCH --nodes=2", "module load cuda"):
        assert line in planned


def test_slurm_is_missed_by_the_doctor_where_the_page_needs_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    reader = Reader("slurm", {"komainu doctor": "komainu doctor # code 3"}, monkeypatch, capfd)
    (found,) = said_by(reader.follow(without=("plan", "run", "status", "scontrol")), "doctor")
    assert "!!  slurm" in found and "`where` of [train] needs it" in found


def test_a_model_behind_an_api(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    server = Server()
    server.handler = lambda request, body: completion(
        random.Random(str(body)).choice(["はい。", "わたし は げんき です"])
    )
    reader = Reader("laptop", {URL: server.url}, monkeypatch, capfd)
    try:
        said = reader.follow(
            without=("doctor", "run", "why", "verify", "status", "chat", "eval view")
        )  # see tests/test_demo.py
    finally:
        server.close()
    planned, done = said_by(said, "eval run")
    assert "large: 20 requests to be sent" in planned and "ja" in done
    asked: list[dict[str, Any]] = server.bodies
    assert 0 < len(asked) <= 20 and {body["model"] for body in asked} == {"large"}
