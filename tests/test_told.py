"""Every error that is for a user says what to do instead: each place that raises one is read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from komainu import errors

ROOT = Path(__file__).parents[1]
KINDS = {k.__name__ for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.Error)}
OURS = {"wrong", "problem", "problems", "what", "message"}  # texts of ours that tell what to do where they are made
TELLS = re.compile(  # words that ask for something or say what is right, or a second clause: `it is wrong; do this`
    r"; |\b(must|needs?|expected|takes?|give|say|set|use|name|see|run|add|leave|put|make|mend|lower|raise|install|"
    r"save|choose|write|keep|ask|serve|bump|check|look|hold|let|measure|take|do not|komainu [a-z]+|"
    r"known are|at least|at most|between|one of|none of|goes with|may only|without|needed)\b",
    re.IGNORECASE,
)


def silent(source: str, at: str) -> Iterator[str]:
    """Each error of a module whose message tells nobody what to do, as `at:line: message`."""
    tree = ast.parse(source)
    texts = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and name_of(node.func) in KINDS:
            (message, *_) = node.args
            if not told(message, texts):
                yield f"{at}:{node.lineno}: {ast.unparse(message)}"


def told(message: ast.expr, texts: dict[str, str]) -> bool:
    """Whether a message tells what to do, or leaves that to the texts that it is made of."""
    if isinstance(message, ast.Call) and name_of(message.func) != "join":
        return True  # a function of ours makes the text
    parts = [*ast.walk(message)]
    called = {name_of(part.func) for part in parts if isinstance(part, ast.Call)}
    named = {part.id for part in parts if isinstance(part, ast.Name)}
    words = [p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str)]
    words += [texts[name] for name in named if name in texts]
    ours = bool(named & OURS or called & {"nearest", "join"})
    return ours or not re.search("[a-z]{3}", " ".join(words)) or bool(TELLS.search(" ".join(words)))


def name_of(function: ast.expr) -> str:
    return (
        function.id if isinstance(function, ast.Name) else function.attr if isinstance(function, ast.Attribute) else ""
    )


def test_every_message_tells_what_to_do_instead() -> None:
    files = [file for folder in ("komainu", "recipes") for file in sorted((ROOT / folder).rglob("*.py"))]
    found = [each for f in files for each in silent(f.read_text(encoding="utf-8"), str(f.relative_to(ROOT)))]
    assert found == []


def test_a_message_that_only_complains_is_found() -> None:
    lines = (
        "raise UsageError(f'{path}: it is broken: {error}')",
        "raise UsageError(f'{path}: it is broken; copy it again')",
        "AGAIN = 'Run it again'",
        "raise JobFailed(f'{name} failed. {AGAIN}')",
        "raise UsageError(wrong)",
        "raise ValueError('not for a user')",
    )
    source = "\n".join(lines)
    assert [*silent(source, "x.py")] == ["x.py:1: f'{path}: it is broken: {error}'"]


def test_the_nearest_name_is_found_whatever_its_capitals() -> None:
    assert errors.nearest("IFEval", ["ifeval", "rakuda"]) == "; did you mean 'ifeval'?"
    assert errors.nearest("ifeval", ["IFEval", "Rakuda"]) == "; did you mean 'IFEval'?"


def test_a_message_does_not_list_names_without_end() -> None:
    names = [f"{n:04}" for n in range(5000)]
    assert errors.nearest("zzz", names[:24]).endswith("0022, 0023")
    assert errors.nearest("zzz", names).endswith("0022, 0023, 4976 more")
