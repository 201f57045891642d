"""What an answer's key and randomness depend on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from komainu.models.base import Model, Question
from komainu.models.seeds import key_of, seed_of
from komainu.rows import Message, Role

ROLES: list[Role] = ["system", "user", "assistant", "tool"]
MESSAGES = st.lists(st.builds(Message, st.sampled_from(ROLES), st.text(max_size=5)), max_size=3).map(tuple)
QUESTIONS = st.builds(Question, MESSAGES, st.integers(0, 3))
MODELS = st.builds(
    Model, name=st.sampled_from(["a", "b"]), temperature=st.sampled_from([0.0, 1.0]), seed=st.integers(0, 2)
)


@given(MODELS, QUESTIONS, MODELS, QUESTIONS)
def test_keys_are_equal_when_and_only_when_the_question_and_the_model_are(
    model: Model, question: Question, other_model: Model, other: Question
) -> None:
    assert (key_of(model, question) == key_of(other_model, other)) == ((model, question) == (other_model, other))


@given(MODELS, QUESTIONS)
def test_what_is_not_sent_does_not_count(model: Model, question: Question) -> None:
    beside = Question(tuple(Message(m.role, m.content, {"name": "x"}) for m in question.messages), question.sample)
    assert key_of(model, beside) == key_of(model, question)
    assert seed_of(model, beside, 63) == seed_of(model, question, 63)


@given(MODELS, QUESTIONS, st.integers(1, 64))
def test_seeds_fit_their_bits(model: Model, question: Question, bits: int) -> None:
    assert 0 <= seed_of(model, question, bits) < 2**bits


def test_keys_and_seeds_are_the_same_in_every_process_and_release() -> None:
    question = Question((Message("user", "こんにちは"),), 1)
    assert key_of(Model(name="m"), question)[:16] == "04bfc2ad3b48f921"
    assert seed_of(Model(name="m"), question, 63) == 8910471380114350323


def test_a_seed_depends_on_seed_messages_and_sample_but_not_on_the_model_s_name() -> None:
    one, two = Question((Message("user", "a"),)), Question((Message("user", "b"),))
    seeds = {
        seed_of(Model(name="m", seed=seed), Question(q.messages, sample), 63)
        for seed in (0, 1)
        for q in (one, two)
        for sample in (0, 1)
    }
    assert len(seeds) == 8
    assert seed_of(Model(name="m"), one, 63) == seed_of(Model(name="other"), one, 63)
