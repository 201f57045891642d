"""What machines read of a card: the model-index in its metadata and the files of `.eval_results/`."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import huggingface_hub
import pytest
import yaml
from huggingface_hub import ModelCardData
from huggingface_hub._eval_results import parse_eval_result_entries
from hypothesis import given
from hypothesis import strategies as st

from komainu.context import Context
from komainu.eval.base import Answers, Scores
from komainu.eval.bench.ifeval import HUB, IFEval, IFEvalItems
from komainu.eval.board import Board, Entry
from komainu.models.base import Model, Question, Reply
from komainu.proof.card import prove
from komainu.release import markdown
from komainu.release.card import Card
from komainu.store import Store
from tests.release.world import Family, build

FILE = ".eval_results/ifeval.en.yaml"


class Writer:
    """Says the same to everything; the base puts a comma in."""

    batch_sensitive = False

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        for question in questions:
            late = question.messages[-1].content.endswith(("3.", "6.", "9."))
            yield Reply("One, two." if model.name == "base" or late else "One two.")


class Made(NamedTuple):
    card: Card
    ctx: Context
    folder: Path


def family_card(limit: int = 0, source: Any = HUB) -> Card:
    family = Family(n=8)
    items = IFEvalItems(source=source, limit=limit)
    entries = [
        Entry(
            name=name,
            scores=(Scores(answers=Answers(model=Model(name=name, weights=weights), items=items), bench=IFEval()),),
        )
        for name, weights in zip(("base", "DPO"), family.training[::2], strict=True)
    ]
    return family.card(board=Board(entries=tuple(entries)), sweep=None, data=())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("hub")
    comma = {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}
    rows = [{"key": i, "prompt": f"Say {i}.", **comma} for i in range(20)]
    (folder / "set.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(huggingface_hub, "hf_hub_download", lambda *args, **kwargs: str(folder / "set.jsonl"))
        card, ctx = family_card(), Context(Store(folder / "store"), Writer())
        yield Made(card, ctx, build(card, ctx))


def shown(made: Made) -> tuple[str, str, str]:
    """The card's own number, as its tables have it, for the strict metric."""
    text = (made.folder / "README.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| ifeval: prompt_strict \|.*$", text, re.MULTILINE)
    mean, low, high = re.findall(r"(\d+\.\d) \[(\d+\.\d), (\d+\.\d)\]", row)[-1]
    return mean, low, high


def test_the_hub_reads_the_results_of_a_benchmark_it_has(made: Made) -> None:
    mean, low, high = shown(made)
    (entry,) = parse_eval_result_entries(yaml.safe_load((made.folder / FILE).read_text()))
    assert (entry.dataset_id, entry.dataset_revision, entry.task_id) == (HUB.repo, HUB.revision, "default")
    assert entry.value == float(mean) and entry.notes is not None
    assert f"{low} to {high}" in entry.notes and "20 verdicts, 0 missing" in entry.notes


def test_the_model_index_is_what_the_hubs_library_reads(made: Made) -> None:
    mean, low, high = shown(made)
    head = yaml.safe_load((made.folder / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    results = ModelCardData(**head).eval_results
    assert results is not None
    strict = next(r for r in results if r.metric_type == "prompt_strict")
    assert strict.metric_value == float(mean) and strict.metric_name is not None
    assert (strict.dataset_type, strict.dataset_revision, strict.dataset_name) == (
        HUB.repo,
        HUB.revision,
        "ifeval (en)",
    )
    assert f"{low} to {high}" in strict.metric_name and len(results) == 4


@pytest.mark.parametrize("name", ["README.md", FILE])
def test_a_changed_digit_of_what_machines_read_is_caught(made: Made, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "downloaded"
    shutil.copytree(made.folder, folder)
    assert prove(folder, made.card.place, made.ctx.store).holds
    text = (folder / name).read_text(encoding="utf-8")
    head = text.split("\n---\n")[0] if name == "README.md" else text
    for found in re.finditer(r"\d(?=\.\d| verdicts|\n)", head):
        other = str((int(found[0]) + 1) % 10)
        (folder / name).write_text(text[: found.start()] + other + text[found.end() :], encoding="utf-8")
        doubts = prove(folder, made.card.place, made.ctx.store).doubts
        assert doubts and {cell.state for cell in doubts} == {"differs"}, found


def test_scores_of_the_metadata_have_no_evidence_where_the_board_has_none(made: Made, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    shutil.copytree(made.ctx.store.root, store.root, dirs_exist_ok=True, symlinks=True)
    for ref in (
        row["scores"] for row in json.loads((store.place(made.card.board) / "board.json").read_bytes())["rows"]
    ):
        if (store.root / ref).exists():
            shutil.rmtree(store.root / ref)
    cells = prove(made.folder, made.card.place, store).cells
    indexed = [cell for cell in cells if "value:" in (cell.shown or "")]
    assert len(indexed) >= 5 and {cell.state for cell in indexed} == {"no evidence"}


def test_a_part_of_a_set_is_no_result_of_the_benchmark(made: Made) -> None:
    assert not (build(family_card(limit=5), made.ctx) / ".eval_results").exists()


texts = st.text(max_size=8)
values = st.recursive(
    texts | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False, width=16),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(
            st.from_regex(r"[a-z]{2,5}", fullmatch=True).filter(lambda k: k not in markdown.NOT_TEXT),
            inner,
            min_size=1,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.just("key"), values, min_size=1))
def test_yaml_is_read_as_it_was_meant(value: dict[str, Any]) -> None:
    assert yaml.safe_load("\n".join(markdown.yaml(value))) == value
