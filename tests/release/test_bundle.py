"""A bundle proves a card in an empty store, and shows when it was touched."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from komainu.cli import main
from komainu.errors import UsageError
from komainu.proof import bundle
from komainu.seal import seal_of
from komainu.zst import Unpacked, packed
from tests.release.test_proof import family_card
from tests.release.world import build, context

Edit = Callable[[Path], None]


class Shipped(NamedTuple):
    """A card as it is published, and its evidence in both forms."""

    card: Path
    folder: Path
    file: Path
    seal: str


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Shipped:
    here = tmp_path_factory.mktemp("shipped")
    stage, ctx = family_card(), context(here / "store")
    built = build(stage, ctx)
    card = here / "card"
    shutil.copytree(built, card, ignore=shutil.ignore_patterns("record.json"))
    artifact = ctx.store.at(stage.place)
    assert artifact is not None
    written = [bundle.write(ctx.store, artifact, here / name) for name in ("evidence", "evidence.tar.zst")]
    assert written[0] == written[1]
    shutil.rmtree(here / "store")
    return Shipped(card, here / "evidence", here / "evidence.tar.zst", written[0]["seal"])


@pytest.fixture
def verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """`komainu verify CARD --evidence BUNDLE` in an empty store: the code and the object."""
    monkeypatch.setenv("KOMAINU_STORE", str(tmp_path / "empty"))

    def run(card: Path, evidence: Path) -> tuple[int, dict[str, Any]]:
        code = main(["verify", str(card), "--evidence", str(evidence), "--json"])
        found: dict[str, Any] = json.loads(capfd.readouterr().out)
        return code, found

    return run


@pytest.mark.parametrize("form", ["folder", "file"])
def test_a_card_is_proved_in_an_empty_store(shipped: Shipped, verify: Callable[..., Any], form: str) -> None:
    code, found = verify(shipped.card, getattr(shipped, form))
    assert (code, found["problems"], found["doubts"]) == (0, [], [])
    assert found["seal"] == shipped.seal and found["cells"]["OK"] > 300


def test_a_changed_digit_is_caught_with_a_bundle(shipped: Shipped, verify: Callable[..., Any], tmp_path: Path) -> None:
    card = shutil.copytree(shipped.card, tmp_path / "card")
    text = (card / "README.md").read_text(encoding="utf-8")
    (card / "README.md").write_text(text.replace("| DPO | ", "| DPO | 1", 1), encoding="utf-8")
    code, found = verify(card, shipped.file)
    assert code == 3 and [cell["state"] for cell in found["doubts"]] == ["differs"]


def some(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[0]


def flipped(folder: Path) -> None:
    file = some(folder, "scores/*/rows.jsonl")
    file.write_bytes(file.read_bytes().replace(b'"value":1.0', b'"value":0.0', 1))


def spoilt(folder: Path) -> None:
    some(folder, "scores/*/rows.jsonl").write_bytes(b"{")


def removed(folder: Path) -> None:
    some(folder, "scores/*/rows.jsonl").unlink()


def added(folder: Path) -> None:
    (folder / "scores" / "note.txt").write_text("x")


def relinked(folder: Path) -> None:
    file = some(folder, "scores/*/rows.jsonl")
    file.rename(folder.parent / "elsewhere")
    file.symlink_to(folder.parent / "elsewhere")


def resealed(folder: Path) -> None:
    """The list says what is there; the records do not."""
    flipped(folder)
    listed = json.loads((folder / bundle.LIST).read_bytes())
    listed["files"] = {name: bundle.digest((folder / name).read_bytes()) for name in listed["files"]}
    listed["seal"] = seal_of({k: v for k, v in listed.items() if k != "seal"})
    (folder / bundle.LIST).write_text(json.dumps(listed))


def unsealed(folder: Path) -> None:
    file = folder / bundle.LIST
    file.write_text(file.read_text().replace("board/", "Board/", 1))


@pytest.mark.parametrize("edit", [flipped, spoilt, removed, added, relinked, resealed, unsealed])
def test_a_bundle_that_was_touched_is_found(
    edit: Edit, shipped: Shipped, verify: Callable[..., Any], tmp_path: Path
) -> None:
    folder = shutil.copytree(shipped.folder, tmp_path / "evidence")
    edit(folder)
    code, found = verify(shipped.card, folder)
    assert code == 3 and found["problems"]


@pytest.mark.parametrize("name", ["../out", "/abs", "a/../../out", ".hidden"])
def test_a_member_that_would_lie_elsewhere_is_refused(shipped: Shipped, tmp_path: Path, name: str) -> None:
    bad = tmp_path / "bad.tar.zst"
    with open(bad, "wb") as raw:
        out = packed(raw)
        with tarfile.open(fileobj=out, mode="w|") as tar:
            tar.addfile(tarfile.TarInfo(name))
        out.close()
    with pytest.raises(UsageError, match="no place in a bundle"), bundle.opened(bad):
        pass
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x28\xb5\x2f\xfd"])
def test_what_is_no_bundle_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.tar.zst").write_bytes(data)
    with pytest.raises(UsageError, match="no bundle of evidence"), bundle.opened(tmp_path / "x.tar.zst"):
        pass


def test_a_bundle_has_no_time_owner_or_path_and_a_fixed_order(shipped: Shipped) -> None:
    with open(shipped.file, "rb") as raw, tarfile.open(fileobj=Unpacked(raw), mode="r|") as tar:
        found = [(info.name, info.mtime, info.uid, info.gid, info.uname, info.isreg()) for info in tar]
    names = [each[0] for each in found]
    assert names == [bundle.LIST, *sorted(names[1:])]
    assert {each[1:] for each in found} == {(0, 0, 0, "", True)}
    assert not any(str(shipped.folder.parent).encode() in p.read_bytes() for p in shipped.folder.rglob("*.json*"))


def test_the_same_evidence_packs_to_the_same_bytes(tmp_path: Path) -> None:
    stage, ctx = family_card(), context(tmp_path / "store")
    build(stage, ctx)
    artifact = ctx.store.at(stage.place)
    assert artifact is not None
    for name in ("a.tar.zst", "b.tar.zst"):
        bundle.write(ctx.store, artifact, tmp_path / name)
    assert (tmp_path / "a.tar.zst").read_bytes() == (tmp_path / "b.tar.zst").read_bytes()
    with pytest.raises(UsageError, match="is there already"):
        bundle.write(ctx.store, artifact, tmp_path / "a.tar.zst")


def test_the_verbs_work_on_a_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stage, ctx = family_card(), context(tmp_path / "store")
    folder = build(stage, ctx)
    monkeypatch.setenv("KOMAINU_STORE", str(tmp_path / "store"))
    assert main(["verify", stage.place]) == main(["verify", str(folder)]) == main(["verify"]) == 0
    copy = shutil.copytree(folder, tmp_path / "copy")
    assert main(["verify", str(copy)]) == 0
    assert main(["release", "evidence", stage.place, "--out", str(tmp_path / "e.tar.zst")]) == 0
    assert main(["verify", stage.place, "--evidence", str(tmp_path / "e.tar.zst")]) == 0
    assert main(["release", "evidence", stage.board.place, "--out", str(tmp_path / "f")]) == 2
    assert "not a card" in capfd.readouterr().err
    text = (copy / "README.md").read_text(encoding="utf-8")
    (copy / "README.md").write_text(text.replace("| DPO | ", "| DPO | 1", 1), encoding="utf-8")
    assert main(["verify", str(copy)]) == 3
    assert "differs: the card shows" in capfd.readouterr().out
    file = folder / "cells.json"
    file.write_text(file.read_text() + " ")
    assert main(["verify", stage.place]) == 3
