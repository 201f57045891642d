"""The default mixes: the family's sets made in miniature by scripted teachers and mixed; sets that lie in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from komainu.data.mix import Mix
from komainu.data.token_counts import Target
from komainu.data.token_ratio import TokenRatio
from komainu.errors import UsageError
from komainu.files import write_rows
from komainu.launch import open_context
from komainu.plan import plan
from komainu.recipe import load
from komainu.rows import Chat, Message, Pair
from komainu.settings import Settings
from komainu.stage import Stage
from komainu.store import Artifact
from komainu.train.tokenizer import Tokenizer
from recipes import sets, shisa_v2
from tests.data.fakes import chat, context, through
from tests.sets import asker, mimic, test_roleplay, translator, wild
from tests.sets.world import ROOT, chats_file, served
from tests.train.world import Texts

NEXT = (("user", "もう少し。"), ("assistant", "いいえ。"))
RECIPE = f"{ROOT}/recipes/shisa_v2.py"


class World:
    """A store in which the eight sets and their mix were made, and what the recipe is."""

    def __init__(self, root: Path) -> None:
        self.root = root
        asked = [[("user", en), ("assistant", "Sure.")] for en, _ in wild.REQUESTS]
        talks = [[("user", ja), ("assistant", "はい。"), *NEXT] for _, ja in wild.REQUESTS]
        logs, said = (
            [{"messages": [{"role": r, "content": t} for r, t in turns]} for turns in some] for some in (asked, talks)
        )
        self.logs, self.talks = chats_file(root / "logs.jsonl", logs), chats_file(root / "talks.jsonl", said)
        (root / "store").mkdir()
        folder = context(root).store.build(Tokenizer(data=Texts(), vocab=300), context(root)).path
        self.tokenizer = str(folder)
        self.mix = shisa_v2.mixed(self.stages(), shisa_v2.SFT_MIX, tokenizer=self.tokenizer, release="cc-by-4.0")
        models = {"wild": wild.teacher, "mimic": mimic.teacher, "translator": translator.teacher, "judge": asker.judge}
        models |= {"asker": asker.teacher, "actor": test_roleplay.teacher, "player": test_roleplay.player}
        with served(**models) as server:
            here = Settings(store=str(root / "store"), threads=1, endpoints=server.endpoints)
            with open_context(here) as ctx:
                planned = plan(self.mix, ctx.store)
                planned.refuse()
                self.artifact: Artifact = ctx.store.build(self.mix, ctx)
                self.sets = {name: ctx.open(stage) for name, stage in self.stages().items()}

    def stages(self) -> dict[str, Stage]:
        logs, licence, magpie = str(self.logs), "odc-by", {"teacher": "asker", "n": 6, "samples": 3}
        return {
            "sharegpt": sets.sharegpt(str(self.talks), "cc0", "wild"),
            "roleplay": sets.roleplay("actor", "player", n=10, turns=1),
            "translation": sets.translation("translator", n=20),
            "rewild": sets.rewild(logs, licence, "wild"),
            "magpie_ultra": sets.magpie_ultra(logs, licence, "wild", under=0.0),
            "magpie_advanced": sets.magpie_advanced(self.tokenizer, **magpie),  # type: ignore[arg-type]
            "japan_magpie": sets.japan_magpie(self.tokenizer, **magpie),  # type: ignore[arg-type]
            "instruction_following": sets.instruction_following("mimic", n=20),
        }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("mix"))


def test_the_default_mix_takes_of_each_set_what_was_published(world: World) -> None:
    told = dict(zip(shisa_v2.SFT_MIX, world.artifact.summary["parts"], strict=True))
    for name, weight in shisa_v2.SFT_MIX.items():
        there = world.sets[name].summary["rows"]
        assert there > 0 and told[name]["there"] == there, name
        assert told[name]["rows"] == round(weight * there), name
        assert told[name]["tokens"] > 0 or not told[name]["rows"]
    rows = [*world.artifact.rows()]
    assert len(rows) == sum(part["rows"] for part in told.values()) and world.mix.seed == 42
    assert all(isinstance(row, Chat) and row.answered for row in rows)
    assert world.artifact.summary["by"]["licence"].keys() <= {"cc0", "odc-by", "apache-2.0"}


def test_sets_in_files_give_the_same_shares_by_the_command_line(world: World, tmp_path: Path) -> None:
    for name, artifact in world.sets.items():
        write_rows(tmp_path / f"{name}.jsonl", artifact.rows())
    stage = load(f"{RECIPE}:mix", [f"folder={tmp_path}", "licence=cc0", "take=head"]).stage
    made = context(tmp_path).store.build(stage, context(tmp_path))
    assert [part["rows"] for part in made.summary["parts"]] == [
        part["rows"] for part in world.artifact.summary["parts"]
    ]
    assert {part["take"] for part in made.summary["parts"]} == {"head"}
    (tmp_path / "rewild.jsonl").unlink()
    with pytest.raises(UsageError, match="lacks rewild: a file of each name"):
        load(f"{RECIPE}:mix", [f"folder={tmp_path}"])


def test_preferences_are_the_five_sets_of_pairs(tmp_path: Path) -> None:
    for name in shisa_v2.DPO_MIX:
        rows = [Pair(f"{name}-{i}", (Message("user", f"問い{i}"),), "よい", "悪い") for i in range(8)]
        write_rows(tmp_path / f"{name}.jsonl", rows)
    stage = load(f"{RECIPE}:preferences", [f"folder={tmp_path}", "licence=mit", "release=apache-2.0"]).stage
    assert isinstance(stage, Mix) and stage.row_type is Pair
    made = context(tmp_path).store.build(stage, context(tmp_path))
    assert [part["rows"] for part in made.summary["parts"]] == [8, 8, 8, 4, 8]
    whole = load(f"{RECIPE}:preferences", [f"folder={tmp_path}", "licence=cc-by-nc-4.0", "release=apache-2.0"]).stage
    assert any("forbids commercial use" in problem for problem in whole.check())
    with pytest.raises(UsageError, match="the mix lacks politeness"):
        shisa_v2.mixed({n: stage for n in shisa_v2.DPO_MIX if n != "politeness_pairs"}, shisa_v2.DPO_MIX)


def test_the_mix_of_sets_made_here_can_be_planned(world: World, tmp_path: Path) -> None:
    values = [f"chats={world.talks}", f"wild={world.logs}", f"magpie={world.logs}", "licence=odc-by"]
    stage = load(f"{RECIPE}:mix_made", [*values, f"tokenizer={world.tokenizer}"]).stage
    planned = plan(stage, context(tmp_path).store)
    planned.refuse()
    assert {type(line.stage).__name__ for line in planned.lines} == {"ChatFile", "Grid", "Dataset", "Mix"}


def test_the_pairs_made_here_can_be_planned(tmp_path: Path) -> None:
    pairs = [Pair(f"p{i}", (Message("user", f"問い{i}"),), "よい", "悪い") for i in range(3)]
    write_rows(tmp_path / "pairs.jsonl", pairs)
    stage = load(f"{RECIPE}:preferences_made", [f"pairs={tmp_path / 'pairs.jsonl'}", "licence=mit"]).stage
    assert isinstance(stage, Mix) and stage.row_type is Pair
    assert [part.weight for part in stage.parts] == [*shisa_v2.DPO_MIX.values()]
    plan(stage, context(tmp_path).store).refuse()


def test_a_translation_of_an_odd_size_in_tokens_is_left_out(world: World, tmp_path: Path) -> None:
    english = "The rain went on for three days and nobody was there. " * 3
    step = TokenRatio(target=Target(path=world.tokenizer))

    def row(id: str, reply: str, **meta: Any) -> Chat:
        return chat(id, "Translate.", reply, **{"lang": "ja", "original": english, **meta})

    rows = [row("none", "短い", original=""), row("tiny", "雨", original="Rain."), row("few", "雨。")]
    rows += [
        row("many", "雨は三日のあいだ降り続いた。" * 60),
        row("fine", english),
        row("other", english * 9, lang="en"),
    ]
    kept, dropped, summary = through(context(tmp_path), rows, step)
    assert [r.id for r in kept] == ["none", "tiny", "fine"]
    assert [d.row.id for d in dropped] == ["few", "many", "other"]
    assert summary["dropped"] == {"TokenRatio": {"token_ratio": 3}}
    sized = sets.translation(tokenizer=world.tokenizer)
    assert sized.steps[-1] == step and sets.translation().steps == sized.steps[:-1]
