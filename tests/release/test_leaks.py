"""A planted key or local path is refused by name, and never shown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from komainu.errors import UsageError
from komainu.proof import bundle
from komainu.release.leaks import KEYS, Known, known, leaks
from komainu.settings import Endpoint, Settings
from tests.release.world import Family, build, context

NOBODY = Known({}, {})
BODY = "Ab3dEf6hIj9" * 8
PLANTED = {
    "a Hugging Face token": f"hf_{BODY[:34]}",
    "a key of OpenAI, Anthropic or the like": f"sk-ant-{BODY[:40]}",
    "a GitHub token": f"ghp_{BODY[:36]}",
    "a GitLab token": f"glpat-{BODY[:20]}",
    "an AWS key id": "AKIA" + "ABCD1234EFGH5678",
    "a Google API key": f"AIza{BODY[:35]}",
    "a Slack token": f"xoxb-{BODY[:20]}",
    "a Groq key": f"gsk_{BODY[:50]}",
    "an NVIDIA key": f"nvapi-{BODY[:60]}",
    "a PyPI token": f"pypi-AgEI{BODY[:60]}",
    "a private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "a signed web token": f"eyJ{BODY[:20]}.eyJ{BODY[:20]}.{BODY[:20]}",
}


def test_every_known_form_is_planted() -> None:
    assert PLANTED.keys() == KEYS.keys()


@pytest.mark.parametrize("what", PLANTED)
@pytest.mark.parametrize("name", ["README.md", "config.json", "scores/a/rows.jsonl"])
def test_a_planted_key_is_found_and_not_shown(what: str, name: str) -> None:
    (text,) = leaks(name, f'one\n{{"text": "x {PLANTED[what]} y"}}\n'.encode(), NOBODY)
    assert text == f"{name}:2 holds {what}" and BODY[:10] not in text


MANUALS = (
    "AKIAIOSFODNN7EXAMPLE",
    "sk-" + "x" * 32,
    "ghp_" + "X" * 36,
    "sk-your-api-key-goes-here",
    "xoxb-your-token-1",
)


@pytest.mark.parametrize("text", MANUALS)
def test_what_a_manual_writes_for_a_key_is_none_and_hides_none(text: str) -> None:
    assert not [*leaks("rows.jsonl", text.encode(), NOBODY)]
    for what, key in PLANTED.items():
        assert [*leaks("rows.jsonl", f"{text} {key} {text}".encode(), NOBODY)] == [f"rows.jsonl:1 holds {what}"]
    assert [*leaks("rows.jsonl", text.encode(), Known({"the value of A": text.encode()}, {}))]
    assert [*leaks("rows.jsonl", f"sk-your-key-{BODY[:40]} sk-xxxxxxxx{BODY[:40]}".encode(), NOBODY)]


@pytest.mark.parametrize("path", ["/home/jo/model", "/Users/jo", "C:\\Users\\jo", "file:///x", "/data/models/base"])
def test_a_local_path_is_found_in_what_is_no_row(path: str) -> None:
    data = json.dumps({"_name_or_path": path}).encode()
    assert [*leaks("config.json", data, NOBODY)]
    assert not [*leaks("rows.jsonl", data, NOBODY)]


@pytest.mark.parametrize(
    "text", ["komainu-demo/base", "sk-learn", "and/or", "https://example.org/home/x", "3/4", "/ja"]
)
def test_other_text_is_left_alone(text: str) -> None:
    assert not [*leaks("README.md", json.dumps({"x": text}).encode(), NOBODY)]


def test_only_the_header_of_weights_is_read() -> None:
    header = json.dumps({"__metadata__": {"made": PLANTED["a GitHub token"]}}).encode()
    assert [*leaks("a.safetensors", len(header).to_bytes(8, "little") + header, NOBODY)]
    assert not [*leaks("a.safetensors", (2).to_bytes(8, "little") + b"{}" + header, NOBODY)]


def test_the_values_of_key_variables_and_the_folders_of_the_machine_are_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("JUDGE_KEY", "quite-secret-1")
    monkeypatch.setenv("OTHER", "not-a-key-of-ours")
    monkeypatch.setenv("HF_TOKEN", "short")
    endpoint = Endpoint(url="https://example.org", key="JUDGE_KEY")
    found = known(Settings(store=str(tmp_path / "store"), endpoints={"judge": endpoint}))
    assert found.secret == {"the value of JUDGE_KEY": b"quite-secret-1"}
    assert {str(tmp_path / "store").encode(), str(Path.cwd()).encode()} <= {*found.local.values()}
    assert [*leaks("x.md", b"a\nquite-secret-1", found)] == ["x.md:2 holds the value of JUDGE_KEY"]
    assert [*leaks("x.md", f"{tmp_path}/store/card".encode(), found)]


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json", "chat_template.jinja", "sub/more.txt"])
def test_a_card_of_a_model_with_a_planted_key_is_refused(tmp_path: Path, file: str) -> None:
    family, ctx = Family(n=10), context(tmp_path)
    model = build(family.training[-1], ctx)
    (model / file).parent.mkdir(exist_ok=True)
    (model / file).write_text(json.dumps({"x": PLANTED["a GitHub token"]}))
    with pytest.raises(UsageError, match=f"nothing is published: {file}:1 holds a GitHub token"):
        build(family.card(), ctx)


def test_what_a_user_writes_on_a_card_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", "quite-secret-1")
    family, ctx = Family(n=10), context(tmp_path)
    ctx = replace(ctx, settings=Settings(endpoints={"judge": Endpoint(url="https://example.org", key="JUDGE_KEY")}))
    with pytest.raises(UsageError, match=r"README.md:\d+ holds the value of JUDGE_KEY"):
        build(family.card(notes=("asked with quite-secret-1",)), ctx)
    with pytest.raises(UsageError, match=r"README.md:\d+ holds a path of a home folder"):
        build(family.card(notes=("from /home/jo/rows",)), ctx)


def test_a_bundle_with_a_planted_key_is_not_written(tmp_path: Path) -> None:
    family, ctx = Family(n=10), context(tmp_path / "store")
    build(family.card(), ctx)
    card = ctx.store.at(family.card().place)
    rows = ctx.store.place(family.answers()[0]) / "rows.jsonl"
    rows.write_text(rows.read_text(encoding="utf-8") + json.dumps({"x": PLANTED["an AWS key id"]}), encoding="utf-8")
    assert card is not None
    with pytest.raises(UsageError, match=r"answers/\w+/rows.jsonl:\d+ holds an AWS key id"):
        bundle.write(ctx.store, card, tmp_path / "e.tar.zst")
    assert not (tmp_path / "e.tar.zst").exists()
