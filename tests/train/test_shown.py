"""`komainu plan --rows`: what of a row the model is trained on is seen before anything is paid for."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from komainu.context import Context
from komainu.files import write_rows
from komainu.train.base import Fit
from komainu.train.directory import Directory
from komainu.train.dpo import DPO
from komainu.train.losses.simpo import SimPO
from komainu.train.sft import SFT
from komainu.train.shown import Shown, below
from tests.core_fakes import ROOT
from tests.test_cli import Run, komainu_  # noqa: F401  (a fixture)
from tests.train.world import Chats, Pairs, base, context

FIT = Fit(lr=1e-3, global_batch=8, steps=4)


@pytest.fixture(scope="module")
def ctx(tmp_path_factory: pytest.TempPathFactory) -> Context:
    ctx = context(tmp_path_factory.mktemp("store"))
    ctx.store.build(base(), ctx)
    ctx.store.build(Chats(), ctx)
    ctx.store.build(Pairs(), ctx)
    return ctx


def of(found: list[Shown], stage: str) -> list[Shown]:
    return [each for each in found if each.stage.startswith(stage)]


def test_what_the_assistant_says_and_the_token_that_ends_it_are_trained(ctx: Context) -> None:
    found = of([*below(SFT(model=base(), data=Chats(), fit=FIT), ctx.store, 2)], "SFT")
    assert [each.row for each in found] == ["chat-0", "chat-1"]
    (document,) = found[1].documents
    assert "".join(run.text for run in document.runs).count("猫を2回") == 1
    ends = [run.text[len(words) :] for run, words in zip(document.runs[1::2], ("猫猫", "猫"), strict=True)]
    assert [run.text.startswith(w) for run, w in zip(document.runs[1::2], ("猫猫", "猫"), strict=True)] == [True, True]
    assert all(ends) and all(run.trained for run in document.runs[1::2])
    assert not any(run.trained for run in document.runs[::2]) and 0 < document.targets < document.tokens


def test_a_pair_shows_both_its_answers(ctx: Context) -> None:
    stage = DPO(model=SFT(model=base(), data=Chats(), fit=FIT), data=Pairs(), objective=SimPO(), fit=FIT)
    (found,) = of([*below(stage, ctx.store, 1)], "DPO")  # the SFT is not built: its base's tokenizer serves
    assert [d.name for d in found.documents] == ["chosen", "rejected"]
    assert [d.runs[-2 if not d.runs[-1].trained else -1].text[:3] for d in found.documents] == ["犬です", "はい。"]


def test_on_a_terminal_it_is_coloured_and_elsewhere_marked(ctx: Context) -> None:
    (found,) = of([*below(SFT(model=base(), data=Chats(), fit=FIT), ctx.store, 1)], "SFT")
    plain, coloured = ("\n".join(found.lines(colour=colour)) for colour in (False, True))
    assert "⟦犬" in plain and "\x1b" not in plain and "\x1b[30;42m犬" in coloured
    assert plain.replace("⟦", "\x1b[30;42m").replace("⟧", "\x1b[0m") == coloured


def test_what_is_not_at_hand_is_said(ctx: Context, tmp_path: Path) -> None:
    stage = SFT(model=base(), data=Chats(n=7), fit=FIT)
    (found,) = of([*below(stage, ctx.store, 1)], "SFT")
    assert "Chats " in found.why and "not built" in found.why and not found.documents
    folder = shutil.copytree(ctx.store.place(base()), tmp_path / "model")
    (found,) = below(SFT(model=Directory(path=str(folder), licence="mit"), data=Chats(), fit=FIT), ctx.store, 1)
    assert found.documents and not found.why


def test_a_row_that_cannot_be_trained_says_why_in_place_of_its_picture(ctx: Context, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(ctx.store.place(base()), tmp_path / "model"))
    (folder / "chat_template.jinja").write_text("{{ messages[-1]['content'] }}")
    (found,) = below(SFT(model=Directory(path=str(folder), licence="mit"), data=Chats(), fit=FIT), ctx.store, 1)
    assert "1 of 1 rows cannot be trained on" in found.why


def test_plan_shows_rows_where_they_are_asked_for(ctx: Context, komainu_: Run, tmp_path: Path) -> None:  # noqa: F811
    (folder := tmp_path / "base").mkdir()
    shutil.copytree(ctx.store.place(base()), folder, dirs_exist_ok=True)
    files = {"chats": [*Chats(n=9).rows()], "pairs": [*Pairs(n=9).rows()]}
    for name, rows in files.items():
        write_rows(tmp_path / f"{name}.jsonl", rows)
    given = (
        f"base={folder}",
        f"chats={tmp_path}/chats.jsonl",
        f"pairs={tmp_path}/pairs.jsonl",
        "licence=mit",
        "batch=4",
    )
    target = (f"{ROOT}/recipes/finetune.py:finetune", *given)
    said = komainu_("plan", *target, "--rows", "2", "--json").json
    assert [each["row"] for each in said["rows"]] == ["chat-0", "chat-1", "pair-0", "pair-1"]
    assert "rows" not in komainu_("plan", *target, "--json").json
    assert "⟦犬" in komainu_("plan", *target, "--rows", "1").out
