"""Questions in the form of LiveBench's sets, of every task of the release, and answers with the score each must get."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from komainu.eval.external.livebench import FILE
from komainu.eval.items import Source

BREAKS = None  # the scorer stops at the answer: it has no verdict
OLD, NEW = datetime(2024, 6, 24), datetime(2024, 11, 25)
AMC = r"Choose. $\textbf{(A) }5\qquad\textbf{(B) }7\qquad\textbf{(C) }9\qquad\textbf{(D) }11\qquad\textbf{(E) }13$"
TABLE = "Please convert the Input Table from JSON format to CSV format. Return only the table."
GROUPS = "ant,bee,cat,dog,elm,fir,gum,hop"
PLOT = "A man wakes. He walks to town. He meets a friend. They dine."
PLAIN = "This sentence has no fault."
SQUARE = "n = int(input())\nprint(n * n)"
CLASS = "class Solution:\n    def add(self, a, b):"
Answered = Sequence[tuple[str, float | None]]


def fenced(program: str) -> str:
    return f"Here it is:\n```python\n{program}\n```"


def instructed() -> dict[str, Any]:
    """The fields of a question of instruction following: kwargs have a key for every instruction there is."""
    none: dict[str, Any] = {"num_words": None, "relation": None, "keywords": None, "num_bullets": None}
    return {
        "instruction_id_list": ["length_constraints:number_words", "keywords:existence"],
        "kwargs": [{**none, "num_words": 3, "relation": "at least"}, {**none, "keywords": ["river"]}],
        "livebench_release_date": NEW,
    }


def programmed(kind: str, shown: tuple[str, str], hidden: tuple[str, str], **metadata: str) -> dict[str, Any]:
    """The fields of a question of coding, its hidden tests as plain JSON, which upstream tries first."""
    public, private = (
        json.dumps([{"input": given, "output": wanted, "testtype": kind}]) for given, wanted in (shown, hidden)
    )
    return {
        "public_test_cases": public,
        "private_test_cases": private,
        "original_json": {"contest_date": datetime(2023, 8, 20), "metadata": json.dumps(metadata)},
        "question_title": "a title",
    }


def math() -> dict[tuple[str, str], tuple[dict[str, Any], Answered]]:
    amc: Answered = (
        ("It is BBBBB", 1),
        ("It is AAAAA", 0),
        (r"\boxed{B}", 1),
        ("So the value is 7", 1),
        (r"\boxed{B", 0),
    )
    olympiad: Answered = (
        *(("Answer: 3,1,2,4", 1), ("Answer: 3,1,4,2", 0.5), ("Answer: 9", 0)),
        *((r"\boxed{3,1,2,4}", 1), ("I do not know", 0)),
    )
    amps: Answered = (
        *((r"It is $\boxed{2x+3}$", 1), (r"It is \boxed{3 + 2x}.", 1), ("$2x + 3$", 1)),
        *((r"It is \boxed{2x}", 0), (r"\boxed{\frac{", 0)),
    )
    return {
        ("math_comp", AMC): ({"ground_truth": "B", "subtask": "amc_12"}, amc),
        ("math_comp", "Three digits."): (
            {"ground_truth": "042", "subtask": "aime_i_2024"},
            (("It is 042", 1), ("It is 43", 0)),
        ),
        ("olympiad", "Order them."): ({"ground_truth": "3,1,2,4", "subtask": "imo"}, olympiad),
        ("AMPS_Hard", "Differentiate."): ({"ground_truth": "2 x+3", "subtask": "derivatives_amps_hard"}, amps),
    }


def reasoning() -> dict[tuple[str, str], tuple[dict[str, Any], Answered]]:
    new: Answered = (
        ("<solution>red, 2, green, tea</solution>", 1),
        ("<solution>red, 2, blue, tea</solution>", 0.375),
        ("I do not know", 0),
    )
    return {
        ("spatial", "How many?"): (
            {"ground_truth": "4", "livebench_release_date": datetime(2024, 7, 26)},
            (("**four**", 1), ("**4**", 1), ("**5**", 0), (r"\boxed{4}", 1)),
        ),
        ("web_of_lies_v2", "Who lies?"): (
            {"ground_truth": "yes, no, yes"},
            (("**yes, no, yes**", 1), ("**yes, no, no**", 0), ("yes, no, yes", 1)),
        ),
        ("zebra_puzzle", "Who?"): ({"ground_truth": "Dane"}, (("It is ***Dane***", 1), ("It is ***Swede***", 0))),
        ("zebra_puzzle", "Which four?"): ({"ground_truth": "red,2,green,tea", "livebench_release_date": NEW}, new),
    }


def data_analysis() -> dict[tuple[str, str], tuple[dict[str, Any], Answered]]:
    cta: Answered = (
        *(("Country", 1), ("country.", 1), ("City", 0)),
        *((r"\boxed{\text{Country}}", 1), (r"It is \boxed{Country", BREAKS)),
    )
    join: Answered = (("{'a': 'x', 'b': 'y'}", 1), ("{'a': 'x'}", 0.67), ("{'a': 'z'}", 0), ("words", 0))
    rows = "name,age\nAda,1\nBo,2"
    return {
        ("cta", "Which kind of column?"): ({"ground_truth": "Country"}, cta),
        ("tablejoin", "Join."): ({"ground_truth": "{'a': 'x', 'b': 'y'}"}, join),
        ("tablereformat", TABLE): (
            {"ground_truth": f"{rows}\n"},
            ((rows, 1), (f"```csv\n{rows}\n```", 1), (f"{rows}1", 0), ("nothing at all", 0)),
        ),
    }


def language() -> dict[tuple[str, str], tuple[dict[str, Any], Answered]]:
    near, groups = GROUPS.replace("hop", "ivy"), {"ground_truth": GROUPS}
    tags: Answered = (
        *((f"<solution>{GROUPS}</solution>", 1), (f"<solution>{near}</solution>", 0.5)),
        (r"\boxed{ant,bee", BREAKS),
    )
    mixed = "<PLOT_SUMMARY>He walks to town. A man wakes. He meets a friend. They dine.</PLOT_SUMMARY>"
    thought = f"<think>{PLAIN}</think>This sentnce has no fault."
    return {
        ("connections", "Group."): (groups, ((f"**{GROUPS}**", 1), (f"**{near}**", 0.5), ("I do not know", 0))),
        ("connections", "Group in tags."): ({**groups, "livebench_release_date": NEW}, tags),
        ("plot_unscrambling", "Order."): ({"ground_truth": PLOT}, ((f"<PLOT_SUMMARY>{PLOT}", 1), (mixed, 0.5))),
        ("typos", "Mend."): ({"ground_truth": PLAIN}, ((f"Mended: {PLAIN}", 1), (thought, 0), ("This sentnce", 0))),
    }


def instruction_following() -> dict[tuple[str, str], tuple[dict[str, Any], Answered]]:
    told: Answered = (
        *(("The river runs fast.", 1), ("It runs fast here.", 0.25), ("no", 0)),
        ("<think>river</think>It runs fast here.", 0.25),
    )
    tasks = ("paraphrase", "simplify", "story_generation", "summarize")
    return {(task, f"Do it ({task})."): (instructed(), told) for task in tasks}


def coding() -> dict[tuple[str, str], tuple[dict[str, Any], Answered]]:
    written: Answered = (
        *((fenced(SQUARE), 1), (SQUARE, 0), (fenced("print(9)"), 0), (fenced("while True: pass"), 0)),
        (fenced("n = int(input("), 0),
    )
    completed: Answered = (
        *((fenced("        return a + b"), 1), (fenced(f"{CLASS}\n        return a + b"), 1)),
        (fenced("        return a - b"), 0),
    )
    call = programmed("functional", ("1\n2", "3"), ("2\n2", "4"), func_name="add")
    return {
        ("LCB_generation", "Square it."): (programmed("stdin", ("3", "9"), ("5", "25")), written),
        ("coding_completion", "Complete it."): ({**call, "partial_solution": CLASS}, completed),
    }


SETS = {each.__name__: each for each in (coding, data_analysis, instruction_following, language, math, reasoning)}


class World:
    """The questions in files like the hub's, what the model says to each, and the scores by question id."""

    def __init__(self, folder: Path) -> None:
        self.sources: dict[str, Source] = {}
        self.says: dict[str, str] = {}
        self.scores: dict[str, float | None] = {}
        for category, tasks in SETS.items():
            questions = [*self.questions(category, tasks())]
            path = folder / category / FILE
            path.parent.mkdir(parents=True)
            columns = dict.fromkeys(name for question in questions for name in question)
            pq.write_table(pa.Table.from_pylist([dict.fromkeys(columns) | question for question in questions]), path)
            self.sources[category] = Source(path=str(folder / category))

    def questions(
        self, category: str, tasks: dict[tuple[str, str], tuple[dict[str, Any], Answered]]
    ) -> list[dict[str, Any]]:
        """A question for each answer, with a text and an id of its own."""
        found = []
        for (task, text), (fields, answers) in tasks.items():
            for answer, score in answers:
                name = f"{category}-{task}-{len(self.says)}"
                prompt = f"{text}\n\n({name})"
                self.says[prompt], self.scores[name] = answer, score
                known = {"question_id": name, "category": category, "task": task, "turns": [prompt]}
                dates = {"livebench_release_date": OLD, "livebench_removal_date": ""}
                found.append({**known, **dates, **fields})
        return found
