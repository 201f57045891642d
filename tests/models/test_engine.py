"""The in-process engine on a small random model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from komainu.errors import UsageError
from komainu.models import decode, engine
from komainu.models.base import Model, Question, Reply
from komainu.models.engine import Engine, groups
from komainu.rows import Message
from komainu.settings import Settings
from komainu.spec import Spec

WEIGHTS = Spec()
QUESTIONS = [
    Question((Message("user", text),))
    for text in [
        "cat",
        "the cat sat on the mat",
        "猫が走った。",
        "12",
        "twelve dogs " * 8,
        "犬",
        "ran",
        "a b c d e f g",
    ]
]


@pytest.fixture(scope="module")
def tiny(tiny_model: Path) -> Engine:
    return Engine(lambda spec: tiny_model, Settings(batch=64, threads=1))


def model(**how: Any) -> Model:
    return Model(name="tiny", weights=WEIGHTS, **{"max_tokens": 24, **how})


def ask(client: Engine, questions: Sequence[Question] = QUESTIONS, **how: Any) -> list[Reply]:
    return list(client.ask(model(**how), questions))


def test_greedy_answers_equal_transformers_own_generation_one_by_one(tiny: Engine, tiny_model: Path) -> None:
    found = ask(tiny)
    loaded = tiny.open(tiny_model)
    for question, reply in zip(QUESTIONS, found, strict=True):
        chat = [{"role": m.role, "content": m.content} for m in question.messages]
        ids = loaded.tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt")
        out = loaded.model.generate(**ids, do_sample=False, max_new_tokens=24)
        new = out[0, ids["input_ids"].shape[1] :]
        assert reply.text == loaded.tokenizer.decode(new, skip_special_tokens=True)
        assert reply.completion_tokens == len(new)
        assert reply.finish == ("stop" if int(new[-1]) in loaded.stops else "length")
        assert reply.prompt_tokens == ids["input_ids"].shape[1]
    assert len({r.text for r in found}) > 4


@pytest.mark.parametrize("how", [{}, {"temperature": 1.0}, {"temperature": 1.3, "top_p": 0.8, "min_p": 0.05}])
def test_answers_do_not_depend_on_the_order_or_on_neighbours(tiny: Engine, how: dict[str, Any]) -> None:
    found = ask(tiny, **how)
    assert ask(tiny, QUESTIONS[::-1], **how) == found[::-1]
    assert [ask(tiny, [q], **how)[0] for q in QUESTIONS] == found


def test_sampling_repeats_itself_and_changes_with_seed_and_sample(tiny: Engine) -> None:
    first = ask(tiny, temperature=1.0)
    assert ask(tiny, temperature=1.0) == first
    assert ask(tiny, temperature=1.0, seed=1) != first
    assert ask(tiny, [Question(q.messages, 1) for q in QUESTIONS], temperature=1.0) != first


def test_a_stop_token_ends_an_answer_and_is_not_in_its_text(
    tiny: Engine, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ask(tiny)
    loaded = tiny.open(tiny_model)
    (first,) = loaded.tokenizer(QUESTIONS[0].messages[0].content, add_special_tokens=False)["input_ids"][:1]
    prompt = decode.Prompt([first], 8, 0)
    (plain,) = decode.decode(loaded.model, [prompt], [], model())
    (ended,) = decode.decode(loaded.model, [prompt], [plain.ids[3]], model())
    assert not plain.stopped and len(plain.ids) == 8 and plain.said == plain.ids
    assert ended.stopped and ended.ids == plain.ids[: plain.ids.index(plain.ids[3]) + 1]
    assert ended.said == ended.ids[:-1]
    monkeypatch.setattr(loaded, "stops", [*loaded.stops, *range(0, 640, 12)])
    for cut, reply in zip(ask(tiny), whole, strict=True):
        assert reply.text.startswith(cut.text.rstrip("\ufffd"))
        assert cut.completion_tokens <= reply.completion_tokens


def test_dropping_finished_rows_changes_no_answer(
    tiny: Engine, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(tiny)
    loaded = tiny.open(tiny_model)
    monkeypatch.setattr(loaded, "stops", [*loaded.stops, *range(0, 640, 12)])
    dropping = ask(tiny, temperature=1.0)
    monkeypatch.setattr(decode, "SPARSE", 0.0)
    assert ask(tiny, temperature=1.0) == dropping
    assert {r.finish for r in dropping} == {"stop", "length"}


def test_a_small_top_p_and_a_high_min_p_are_greedy(tiny: Engine) -> None:
    greedy = [r.text for r in ask(tiny)]
    assert [r.text for r in ask(tiny, temperature=1.0, top_p=1e-6)] == greedy
    assert [r.text for r in ask(tiny, temperature=1.0, min_p=1.0)] == greedy


def test_an_answer_ends_where_the_context_ends(tiny: Engine) -> None:
    (reply,) = ask(tiny, [QUESTIONS[4]], max_tokens=1000)
    assert reply.finish == "stop" or reply.prompt_tokens + reply.completion_tokens == 128


def test_a_prompt_longer_than_the_context_gets_an_empty_reply_that_says_so_and_the_others_their_answers(
    tiny: Engine,
) -> None:
    long = Question((Message("user", "twelve dogs ran " * 60),))
    *replies, last = ask(tiny, [*QUESTIONS, long])
    assert replies == ask(tiny) and all(reply.completion_tokens for reply in replies)
    assert (last.text, last.finish, last.withheld) == ("", "context_overflow", True) and last.prompt_tokens > 128


def test_a_template_that_makes_nothing_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    client = broken(tiny_model, tmp_path / "m")
    (tmp_path / "m" / "chat_template.jinja").write_text("{# nothing #}")
    with pytest.raises(UsageError, match="makes nothing of the prompt 'cat'"):
        ask(client)


def test_an_empty_list_has_no_answers(tiny: Engine) -> None:
    assert ask(tiny, []) == []


def test_more_questions_than_a_batch_are_answered_in_order(tiny_model: Path, tiny: Engine) -> None:
    small = Engine(lambda spec: tiny_model, Settings(batch=3, threads=1))
    assert ask(small) == ask(tiny)


def test_prompts_of_like_length_go_together_and_each_goes_once() -> None:
    lengths = [500, 10, 12, 700, 11, 4000]
    found = list(groups(lengths))
    assert found == [[1, 4, 2], [0, 3], [5]]
    assert list(groups([])) == []


def test_only_light_models_stay_loaded_together(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copytree(tiny_model, tmp_path / "other")
    paths = {"a": tiny_model, "b": tmp_path / "other"}
    client = Engine(lambda spec: paths[spec.config()["name"]], Settings())
    of = {name: Model(name=name, weights=Model(name=name), max_tokens=2) for name in paths}
    for name in "aba":
        list(client.ask(of[name], QUESTIONS[:1]))
    assert [path for path, _ in client.loaded] == [paths["b"], paths["a"]]
    monkeypatch.setattr(engine, "LIGHT", 0)
    client.loaded.pop((paths["b"], None))
    list(client.ask(of["b"], QUESTIONS[:1]))
    assert [path for path, _ in client.loaded] == [paths["b"]]


def broken(tiny_model: Path, path: Path, **changed: Any) -> Engine:
    copytree(tiny_model, path)
    for name, value in changed.items():
        file = path / f"{name}.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **value}))
    return Engine(lambda spec: path, Settings())


def test_a_directory_that_is_not_a_model_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is not a model directory: it needs config.json and \*.safetensors"):
        ask(Engine(lambda spec: tmp_path, Settings()))


def test_an_unknown_architecture_is_refused_and_its_code_not_run(tiny_model: Path, tmp_path: Path) -> None:
    changed = {"model_type": "unheard_of", "auto_map": {"AutoConfig": "evil.C", "AutoModelForCausalLM": "evil.M"}}
    client = broken(tiny_model, tmp_path / "m", config=changed)
    (tmp_path / "m" / "evil.py").write_text("raise SystemExit('ran')")
    with pytest.raises(UsageError, match=r"does not load: config\.json: "):
        ask(client)


def test_a_model_without_a_chat_template_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    client = broken(tiny_model, tmp_path / "m")
    (tmp_path / "m" / "chat_template.jinja").unlink()
    with pytest.raises(UsageError, match="has no chat template"):
        ask(client)


def test_a_template_that_refuses_a_prompt_says_so(tiny_model: Path, tmp_path: Path) -> None:
    client = broken(tiny_model, tmp_path / "m")
    (tmp_path / "m" / "chat_template.jinja").write_text("{{ raise_exception('no system turn, please') }}")
    with pytest.raises(UsageError, match="refuses a prompt: no system turn, please"):
        ask(client)


def test_a_model_that_cannot_stop_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    none = {"eos_token_id": None}
    client = broken(
        tiny_model, tmp_path / "m", config=none, generation_config=none, tokenizer_config={"eos_token": None}
    )
    with pytest.raises(UsageError, match="names no end-of-sequence token"):
        ask(client)


def test_weights_that_are_not_numbers_are_refused(tiny_model: Path, tmp_path: Path) -> None:
    client = broken(tiny_model, tmp_path / "m")
    file = tmp_path / "m" / "model.safetensors"
    weights = load_file(file)
    weights["lm_head.weight"] = torch.full_like(weights["lm_head.weight"], float("nan"))
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(UsageError, match="not finite: its training diverged"):
        ask(client)
