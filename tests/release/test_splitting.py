"""How a tokenizer splits text is told by its structure, and what llama.cpp lacks is refused or measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Regex, pre_tokenizers

from komainu.errors import GateFailed, UsageError
from komainu.models.splits import SCRIPTS
from komainu.release.splitting import KNOWN, Splitting, splitting
from komainu.release.texts import agreed, expected
from komainu.rows import Chat, Message
from komainu.train.tokenizer import Tokenizer
from tests.release.llama import SPLITS, Odd, Tiny, build, fake, scripts
from tests.train.world import Texts, context

UNKNOWN = 'raise NotImplementedError("BPE pre-tokenizer was not recognized - update get_vocab_base_pre()")'


def of(folder: Path, tokenizer: Any, **changes: Any) -> Splitting | None:
    """What a tokenizer is, with some of its tokenizer.json changed."""
    tokenizer.save_pretrained(folder)
    file = folder / "tokenizer.json"
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), **changes}), encoding="utf-8")
    return splitting(folder)


@pytest.mark.parametrize("name", SPLITS)
def test_a_splitting_of_llama_cpps_is_known_by_its_structure(tmp_path: Path, name: str) -> None:
    assert {*SPLITS} == {*KNOWN.values()}
    assert of(tmp_path, Tiny(splits=name).tokenizer()) == Splitting(name, own=True)
    assert of(tmp_path, Tiny(splits=name).tokenizer(), normalizer={"type": "NFC"}) == Splitting(name, own=True)


def test_what_cuts_elsewhere_is_not_taken_for_one_that_is_known(tmp_path: Path) -> None:
    regex = {"type": "Split", "pattern": {"Regex": SCRIPTS}, "behavior": "Isolated", "invert": False}
    last = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    tokenizer = scripts()

    def made(*steps: Any, **changes: Any) -> Splitting | None:
        return of(tmp_path, tokenizer, pre_tokenizer={"type": "Sequence", "pretokenizers": [*steps]}, **changes)

    assert made(regex, last) == Splitting("poro-chat", own=False)
    assert made({**regex, "behavior": "Removed"}, last) is None
    assert made({**regex, "invert": True}, last) is None
    assert made(regex, {**last, "add_prefix_space": True}) is None
    assert made(regex, {**last, "use_regex": True}) is None
    assert made(regex, {"type": "Punctuation", "behavior": "Isolated"}, last) is None
    assert made(regex, last, normalizer={"type": "Lowercase"}) is None
    assert of(tmp_path, tokenizer, pre_tokenizer=None) is None
    assert of(tmp_path, Tiny(splits=r"\p{L}+").tokenizer()) is None
    assert of(tmp_path, Tiny().tokenizer()) is None
    assert splitting(tmp_path / "none") is None


def test_a_tokenizer_that_is_trained_here_is_one_of_llama_cpps_or_near_one(tmp_path: Path) -> None:
    assert of(tmp_path, scripts()) == Splitting("poro-chat", own=False)
    ctx = context(tmp_path / "store")
    trained = ctx.store.build(Tokenizer(data=Texts(), vocab=300, splits="qwen2"), ctx)
    assert splitting(trained.path) == Splitting("qwen2", own=True)


CUTS, NEAR = (
    pre_tokenizers.Split(Regex(regex), behavior="isolated") for regex in (SCRIPTS, r" ?[^(\s|.,!?…。，、।۔،)]+")
)


@given(st.text(st.sampled_from("a Z\t\n0９१.。、!(|)'々〇Ⅳー犬拾ーのカｱい　\u00a0éя한\u3099‍🦙")))
def test_what_is_near_cuts_nowhere_inside_a_piece_of_the_tokenizers_own(text: str) -> None:
    own, near = ({span[0] for _, span in how.pre_tokenize_str(text)} for how in (CUTS, NEAR))
    assert near <= own


def test_only_a_splitting_that_the_converter_does_not_know_is_told_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("komainu.release.converted.find_spec", lambda name: None)
    model = Tiny(splits="qwen2")
    assert build(tmp_path, fake(tmp_path / "a", splits='return "listed"'), model).summary["splitting"] == "listed"
    assert build(tmp_path, fake(tmp_path / "b", splits=UNKNOWN), model, kind="f16").summary["splitting"] == "qwen2"
    with pytest.raises(UsageError, match=r"(?s)has no ModelBase with a get_vocab_base_pre.*Mend what they name"):
        build(tmp_path, fake(tmp_path / "c", splits="pass", base="Model"), model, kind="f32")


def test_a_splitting_that_llama_cpp_lacks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = fake(tmp_path / "a", splits=UNKNOWN)
    with pytest.raises(UsageError, match=r"poro-chat is the nearest that it has\. To take that, give GGUF `texts`"):
        build(tmp_path, checkout, Tiny(splits="scripts"))
    monkeypatch.setattr("komainu.release.converted.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"install komainu\[llama\], whose runtime measures it"):
        build(tmp_path, checkout, Tiny(splits="scripts"), texts=Odd())
    with pytest.raises(UsageError, match=r'of Tiny .*"Regex": "\\\\p\{L\}\+".*No file was written'):
        build(tmp_path, checkout, Tiny(splits=r"\p{L}+"))


def test_texts_are_every_turn_with_the_tokens_that_the_model_has_for_it(tmp_path: Path) -> None:
    tokenizer, turns = scripts(), (Message("user", "犬が3匹"), Message("assistant", "<|end|> a"))
    rows = [Chat(f"row-{i}", turns) for i in range(1001)]
    lines = expected(tokenizer, rows, tmp_path / "texts").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == 1001 * [[t.content, tokenizer.encode(t.content)] for t in turns]


def test_how_many_texts_may_come_out_in_other_tokens() -> None:
    def told(read: int, otherwise: int) -> dict[str, Any]:
        return {"read": read, "otherwise": otherwise, "such_as": ["x"] * (otherwise > 0)}

    assert agreed(told(10, 0), own=True) == told(10, 0)
    assert agreed(told(400, 2), own=False) == told(400, 2)
    with pytest.raises(GateFailed, match="of 3 of 400 texts, where one in 200 may differ: 'x'"):
        agreed(told(400, 3), own=False)
    with pytest.raises(GateFailed, match="of 1 of 400 texts, where none may differ: 'x'"):
        agreed(told(400, 1), own=True)
    with pytest.raises(UsageError, match="has no turn to split"):
        agreed(told(0, 0), own=False)
