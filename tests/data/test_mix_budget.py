"""A mix keeps to its budget of tokens, its caps and its temperature, and is refused where licences conflict."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.context import Context
from komainu.data.mix import Mix, Part, Take
from komainu.data.placing import Head, afford
from komainu.data.shares import capped, tempered, wholes
from komainu.data.token_counts import Target, counts
from komainu.errors import UsageError
from komainu.models.template import tokenizer_of
from komainu.plan import plan
from komainu.rows import Chat, Message, Pair
from komainu.touched import touched
from komainu.train.render import chats_to_tokens, pair_to_chats
from komainu.train.tokenizer import Tokenizer
from tests.data.fakes import Rows, build, chat, context, source
from tests.train.world import Texts

TARGET = Target(model=Tokenizer(data=Texts(), vocab=300))


def rows_of(name: str, n: int, **meta: Any) -> Rows:
    said = (chat(f"{name}{i}", "犬は？", "いぬ" * (1 + (7 * i) % 11), source=name, **meta) for i in range(n))
    return source(*said)


JA = rows_of("j", 40, lang="ja", licence="mit")
EN = rows_of("e", 160, lang="en", licence="apache-2.0")


@pytest.fixture(scope="module")
def ctx(tmp_path_factory: pytest.TempPathFactory) -> Context:
    """One store for all, so that the tokenizer is made and the tokens are counted once."""
    return context(tmp_path_factory.mktemp("store"))


def langs(rows: list[Any]) -> Counter[str]:
    return Counter(row.meta["lang"] for row in rows)


def test_tokens_are_counted_as_training_renders_the_rows(ctx: Context) -> None:
    talk = chat("a", "犬は？", "いぬ")
    longer = Chat(
        "b", (Message("system", "短く"), *talk.messages, Message("user", "猫は？"), Message("assistant", "猫"))
    )
    pair = Pair("p", talk.prompt, "いぬです", "犬")
    tokenizer = tokenizer_of(ctx.store.build(TARGET.model, ctx).path)  # type: ignore[arg-type]
    (mixed,) = Mix(parts=(Part(stage=source(talk, longer)),), target=TARGET).counting
    made = ctx.store.build(mixed, ctx)
    assert [*counts(made.path, 2)] == [len(t.ids) for t in chats_to_tokens(tokenizer, [talk, longer])]
    (pairs,) = Mix(parts=(Part(stage=source(pair)),), target=TARGET).counting
    assert ctx.store.build(pairs, ctx).summary["tokens"] == sum(
        len(t.ids) for t in chats_to_tokens(tokenizer, pair_to_chats(pair))
    )


@pytest.mark.parametrize("budget", [100, 1234, 9999])
def test_a_token_budget_is_kept_short_of_it_by_less_than_the_row_that_came_next(budget: int, ctx: Context) -> None:
    mix = Mix(parts=(Part(stage=JA, weight=3), Part(stage=EN, weight=1)), tokens=budget, target=TARGET)
    rows, summary = build(mix, ctx)
    tokenizer = tokenizer_of(ctx.store.build(TARGET.model, ctx).path)  # type: ignore[arg-type]
    told = sum(len(t.ids) for t in chats_to_tokens(tokenizer, rows))
    assert told == summary["tokens"] <= budget
    more, _ = build(Mix(parts=mix.parts, tokens=budget + budget - told, target=TARGET), ctx)
    longest = max(len(t.ids) for t in chats_to_tokens(tokenizer, more))
    assert budget - told < longest
    first, second = (part["tokens"] for part in summary["parts"])
    assert abs(first - 0.75 * budget) < longest and abs(second - 0.25 * budget) < 2 * longest


def test_what_ten_parts_leave_of_a_budget_is_less_than_one_row(ctx: Context) -> None:
    parts = tuple(Part(stage=rows_of(name, 20)) for name in "abcdefghij")
    rows, summary = build(Mix(parts=parts, tokens=3000, target=TARGET), ctx)
    average = summary["tokens"] / len(rows)
    assert 0 <= 3000 - summary["tokens"] < 2 * average < 10 * average / 2  # ten parts would each leave half a row


@given(st.lists(st.integers(1, 50), min_size=1, max_size=12), st.integers(0, 2000))
def test_what_a_budget_affords_is_the_longest_beginning_of_the_endless_order(sizes: list[int], budget: int) -> None:
    rows = [Head(str(i), 0, 0, "", tokens=n) for i, n in enumerate(sizes)]
    count, used = afford(rows, budget)
    assert used == sum(sizes[i % len(sizes)] for i in range(count)) <= budget < used + sizes[count % len(sizes)]


def test_the_table_tells_tokens_and_shares_by_language_source_and_licence(ctx: Context) -> None:
    rows, summary = build(Mix(parts=(Part(stage=JA), Part(stage=EN, weight=0.25)), target=TARGET), ctx)
    assert len(rows) == 80 and summary["by"]["lang"]["ja"]["share"] == 0.5
    for column, values in (("lang", {"ja", "en"}), ("source", {"j", "e"}), ("licence", {"mit", "apache-2.0"})):
        table = summary["by"][column]
        assert table.keys() == values
        assert sum(line["tokens"] for line in table.values()) == summary["tokens"]
        assert sum(line["token_share"] for line in table.values()) == pytest.approx(1, abs=1e-3)
    assert [part["tokens"] for part in summary["parts"]] == [
        summary["by"]["source"][name]["tokens"] for name in ("j", "e")
    ]


def test_counted_tokens_are_shared_by_mixes_of_other_weights(ctx: Context) -> None:
    first = Mix(parts=(Part(stage=JA), Part(stage=EN, weight=0.5)), target=TARGET)
    ctx.store.build(first, ctx)
    other = Mix(parts=(Part(stage=JA, weight=2), Part(stage=EN)), target=TARGET, seed=9)
    states = {type(line.stage).__name__: line.state for line in plan(other, ctx.store).lines if line.state != "built"}
    assert states == {"Mix": "to build"}


def test_counts_of_tokens_do_not_make_every_row_depend_on_each(ctx: Context) -> None:
    mix = ctx.store.build(Mix(parts=(Part(stage=JA, weight=2),), target=TARGET), ctx)
    found = touched(ctx.store, ctx.store.at(JA.place), "j1")["artifacts"]
    (told,) = [each for each in found if each["ref"] == mix.ref]
    assert told["rows"] == 2 and told["of"] == 80


def test_a_cap_binds_and_what_it_leaves_goes_to_the_others(ctx: Context) -> None:
    parts = (Part(stage=JA, weight=3, cap=30), Part(stage=EN))
    assert langs(build(Mix(parts=parts, n=100), ctx)[0]) == {"ja": 30, "en": 70}
    assert langs(build(Mix(parts=parts), ctx)[0]) == {"ja": 30, "en": 160}
    assert Mix(parts=parts, n=100).expected(lambda stage: 40) == 100
    _, summary = build(Mix(parts=(Part(stage=JA, weight=3, cap=200), Part(stage=EN)), tokens=1000, target=TARGET), ctx)
    ja, en = (part["tokens"] for part in summary["parts"])
    assert 150 < ja <= 200 and 950 < ja + en <= 1000


def test_a_temperature_brings_languages_nearer_and_keeps_the_size(ctx: Context) -> None:
    parts = (Part(stage=JA), Part(stage=EN))
    even, _ = build(Mix(parts=parts, temperature=1e9), ctx)
    assert langs(even) == {"ja": 100, "en": 100}
    half, _ = build(Mix(parts=parts, temperature=2.0, n=300), ctx)
    assert langs(half) == {"ja": 100, "en": 200}  # 40 to 160, square roots 1 to 2
    assert len({row.id for row in half}) == 300
    plain, _ = build(Mix(parts=parts), ctx)
    assert langs(plain) == {"ja": 40, "en": 160}


def test_a_temperature_can_be_over_sources_within_one_part(ctx: Context) -> None:
    whole = Mix(parts=(Part(stage=JA), Part(stage=EN)))
    rows, summary = build(Mix(parts=(Part(stage=whole),), temperature=1e9, over=("source", "licence"), n=50), ctx)
    assert summary["by"]["source"] == {"e": {"rows": 25, "share": 0.5}, "j": {"rows": 25, "share": 0.5}}
    again, _ = build(Mix(parts=(Part(stage=whole),), temperature=1e9, over=("source", "licence"), n=50), ctx)
    assert rows == again


def test_a_token_budget_and_a_temperature_go_together(ctx: Context) -> None:
    mix = Mix(parts=(Part(stage=JA), Part(stage=EN)), tokens=3000, target=TARGET, temperature=1e9)
    _, summary = build(mix, ctx)
    by = summary["by"]["lang"]
    assert 2900 < summary["tokens"] <= 3000 and abs(by["ja"]["tokens"] - by["en"]["tokens"]) < 120


def test_the_head_of_a_set_is_its_first_rows_shuffled(ctx: Context) -> None:
    rows, summary = build(Mix(parts=(Part(stage=EN, weight=0.25, take="head"),), seed=42), ctx)
    ids = [row.id for row in rows]
    assert {*ids} == {f"e{i}" for i in range(40)} and ids != [f"e{i}" for i in range(40)]
    assert summary["parts"][0]["take"] == "head"
    drawn, _ = build(Mix(parts=(Part(stage=EN, weight=0.25),), seed=42), ctx)
    assert {row.id for row in drawn} != {*ids}


@given(st.lists(st.floats(0.1, 1000), min_size=1, max_size=6), st.data())
def test_caps_keep_the_sum_as_long_as_some_part_has_room(masses: list[float], data: st.DataObject) -> None:
    caps = [data.draw(st.none() | st.integers(1, 500)) for _ in masses]
    found = capped(masses, caps, refill=True)
    assert all(cap is None or mass <= cap + 1e-9 for mass, cap in zip(found, caps, strict=True))
    if None in caps:
        assert sum(found) == pytest.approx(sum(masses))
    else:
        assert sum(found) == pytest.approx(min(sum(masses), sum(cap or 0 for cap in caps)))


@given(st.dictionaries(st.sampled_from("abcd"), st.floats(1, 100), min_size=1), st.floats(0.5, 8))
def test_a_temperature_gives_groups_the_roots_of_their_sizes(sizes: dict[str, float], temperature: float) -> None:
    masses, shares = tempered([sizes], temperature, 70)
    assert sum(masses) == pytest.approx(70) and sum(shares[0].values()) == pytest.approx(1)
    first = next(iter(sizes))
    for group, size in sizes.items():
        wanted = (size / sizes[first]) ** (1 / temperature)
        assert shares[0][group] / shares[0][first] == pytest.approx(wanted)
    assert sum(wholes(masses, 70)) == 70


def test_licences_that_a_release_cannot_carry_are_refused_with_their_rows(ctx: Context) -> None:
    alike, paid = rows_of("s", 3, licence="cc-by-sa-4.0"), rows_of("n", 9, licence="CC BY-NC 4.0")
    parts = (Part(stage=JA), Part(stage=alike), Part(stage=paid))
    with pytest.raises(UsageError, match=r"Mix.parts\[1\] .*3 rows \(s\d, s\d, s\d\) are under 'cc-by-sa-4.0'"):
        ctx.store.build(Mix(parts=parts, release="apache-2.0"), ctx)
    with pytest.raises(UsageError, match=r"Mix.parts\[2\] .*9 rows .*forbids commercial use"):
        ctx.store.build(Mix(parts=parts, release="cc-by-sa-4.0"), ctx)
    cleared = Mix(parts=parts, release="apache-2.0", allowed=("cc-by-sa-4.0", "cc-by-nc-4.0"))
    assert len(build(cleared, ctx)[0]) == 52
    assert len(build(Mix(parts=parts), ctx)[0]) == 52  # without a release nothing is refused


def test_a_licence_that_conflicts_is_found_before_anything_runs(tmp_path: Path) -> None:
    from komainu.data.files import ChatFile
    from komainu.files import write_rows

    write_rows(tmp_path / "paid.jsonl", [chat("a", "問い", "答え")])
    file = ChatFile(path=str(tmp_path / "paid.jsonl"), licence="cc-by-nc-4.0")
    (problem,) = Mix(parts=(Part(stage=file),), release="apache-2.0").check()
    assert "cc-by-nc-4.0" in problem and "(a)" in problem and "Mix.allowed" in problem
    assert [*Mix(parts=(Part(stage=file),), release="cc-by-nc-4.0").check()] == []


def test_wrong_sizes_are_named() -> None:
    def problem(**values: Any) -> str:
        return next(iter(Mix(parts=(Part(stage=JA),), **values).check()))

    assert "both set" in problem(n=1, tokens=1, target=TARGET)
    assert "needs Mix.target" in problem(tokens=1)
    assert "temperature is -1" in problem(temperature=-1)
    assert "did you mean 'lang'" in problem(over=("language",))
    assert "Target needs `path`" in problem(target=Target())
    take: Take = "heads"  # type: ignore[assignment]
    assert "did you mean 'head'" in next(iter(Mix(parts=(Part(stage=JA, take=take),)).check()))


def test_new_fields_at_their_defaults_leave_ids_as_they_were() -> None:
    mix = Mix(parts=(Part(stage=Texts()), Part(stage=Texts(n=3), weight=0.5)), n=7, seed=1)
    assert mix.id == "08196483cd38"


def test_a_target_is_known_by_its_files(ctx: Context, tmp_path: Path) -> None:
    folder = ctx.store.build(TARGET.model, ctx).path  # type: ignore[arg-type]
    here = Target(path=str(folder))
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    moved = Target(path=str(tmp_path))
    assert here.id == moved.id and [*moved.problems()] == []
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}")
    assert "has changed" in next(moved.problems())
