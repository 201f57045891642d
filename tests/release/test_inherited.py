"""What a released model has beside its weights: config, tokenizer, the template of its base, how to sample."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from komainu.errors import UsageError
from komainu.release.datasets import Origin, origins
from komainu.release.inherited import generation, template
from komainu.release.tokens import counter
from komainu.rows import Chat, Pair
from tests.data.fakes import chat, source
from tests.release.conftest import Built
from tests.release.world import TOKENIZER, Family, build, context

WAY = {"temperature": 0.7, "top_p": 0.9, "min_p": 0.0}


def test_the_sampling_of_the_sweep_is_what_servers_read(built: Built) -> None:
    found = json.loads((built.card / "generation_config.json").read_bytes())
    assert found == {"do_sample": True, "temperature": 0.7, "top_p": 0.9}


def given(folder: Path, **files: Any) -> Path:
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    return folder


def test_the_models_own_settings_stay_and_its_sampling_gives_way(tmp_path: Path) -> None:
    own = {"eos_token_id": [2, 7], "temperature": 0.1, "top_k": 40, "repetition_penalty": 1.05}
    given(tmp_path, config={"eos_token_id": 9}, generation_config=own)
    text = generation(tmp_path, WAY)
    assert text is not None
    told = {"do_sample": True, "temperature": 0.7, "top_p": 0.9}
    assert json.loads(text) == {"eos_token_id": [2, 7], "repetition_penalty": 1.05, **told}
    (tmp_path / "generation_config.json").write_text(text)
    assert generation(tmp_path, WAY) == text and generation(tmp_path, None) is None
    greedy = generation(tmp_path, {**WAY, "temperature": 0.0})
    assert json.loads(greedy or "") == {"eos_token_id": [2, 7], "repetition_penalty": 1.05, "do_sample": False}


def test_without_one_the_tokens_of_the_config_are_in_it_so_that_answers_end(tmp_path: Path) -> None:
    given(tmp_path, config={"eos_token_id": 9, "pad_token_id": None, "vocab_size": 5})
    assert json.loads(generation(tmp_path, None) or "") == {"eos_token_id": 9}


@pytest.mark.parametrize(
    ("gone", "why"), [("config.json", "it has no config.json"), ("tokenizer.json", "it has no tokenizer")]
)
def test_a_model_without_config_or_tokenizer_is_no_release(gone: str, why: str, tmp_path: Path) -> None:
    family, ctx = Family(n=10), context(tmp_path)
    (build(family.training[-1], ctx) / gone).unlink()
    with pytest.raises(UsageError, match=why):
        build(family.card(), ctx)


def test_the_template_must_be_that_of_the_base_wherever_it_stands(tmp_path: Path) -> None:
    family, ctx = Family(n=10), context(tmp_path)
    base, model = build(family.training[0], ctx), build(family.training[-1], ctx)
    (base / "chat_template.jinja").write_text("{{ messages }}\n")
    with pytest.raises(UsageError, match="its chat template is not the base's"):
        build(family.card(), ctx)
    (model / "tokenizer_config.json").write_text(json.dumps({"chat_template": "{{ other }}"}))
    with pytest.raises(UsageError, match="its chat template is not the base's"):
        build(family.card(), ctx)
    told = [{"name": "tool", "template": "t"}, {"name": "default", "template": "{{ messages }}"}]
    (model / "tokenizer_config.json").write_text(json.dumps({"chat_template": told}))
    assert template(model) == "{{ messages }}" and (build(family.card(), ctx) / "README.md").exists()


def test_tokens_of_the_sets_are_counted_with_the_models_tokenizer(built: Built) -> None:
    ref = built.ctx.store.find(built.family.data)
    assert ref is not None
    rows = [row for row in ref.rows() if isinstance(row, Chat) and row.meta["lang"] == "en"]
    words = sum(len(re.findall(r"\w+|[^\w\s]+", m.content)) for row in rows for m in row.messages)
    assert f"| {ref.ref} | textbook | apache-2.0 | en | {len(rows):,} | {words:,} |" in built.readme


def test_of_a_pair_the_prompt_counts_once_and_both_answers(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    pairs = source(
        *(Pair(str(i), chat("x", "one two").messages, "three", "four five", {"source": "a"}) for i in range(700)),
        Pair("b", chat("x", "six").messages, "", "seven", {"source": "b", "lang": "en"}),
    )
    (tmp_path / "tokenizer.json").write_text(json.dumps(TOKENIZER))
    found = origins(ctx.store.build(pairs, ctx), counter(tmp_path))
    unknown = "not stated"
    assert found == [Origin("a", unknown, unknown, 700, 3500), Origin("b", unknown, "en", 1, 2)]


def test_texts_are_counted_by_the_tokenizer_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(json.dumps(TOKENIZER))
    count = counter(tmp_path)
    assert count is not None and count(["one two", "", "three!"]) == 4
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UsageError, match=r"the tokenizer of .* does not load"):
        counter(tmp_path)
    (tmp_path / "tokenizer.json").unlink()
    assert counter(tmp_path) is None
