"""Small files, small functions, few parameters: everything over is named."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES = {"komainu": 300, "recipes": 300, "bench": 300, "tests": 400}
FUNCTION, PARAMETERS, CHAIN = 60, 8, 4
FILES = [(file, lines) for folder, lines in LINES.items() for file in sorted((ROOT / folder).rglob("*.py"))]


def over(file: Path, lines: int) -> Iterator[str]:
    """What is too big in a file, `path:line: what`."""
    text = file.read_text(encoding="utf-8")
    at = file.relative_to(ROOT)
    if len(text.splitlines()) > lines:
        yield f"{at} has {len(text.splitlines())} lines, more than {lines}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            size = (node.end_lineno or node.lineno) - node.lineno + 1
            if size > FUNCTION:
                yield f"{at}:{node.lineno}: {node.name} has {size} lines, more than {FUNCTION}"
            args = node.args
            count = sum(a.arg not in ("self", "cls") for a in (*args.posonlyargs, *args.args, *args.kwonlyargs))
            if count > PARAMETERS:
                yield f"{at}:{node.lineno}: {node.name} has {count} parameters, more than {PARAMETERS}"


@pytest.mark.parametrize("folder", [*LINES])
def test_nothing_is_too_big(folder: str) -> None:
    assert [found for file, lines in FILES if file.is_relative_to(ROOT / folder) for found in over(file, lines)] == []


def test_class_chains_are_short() -> None:
    bases: dict[str, list[str]] = {}
    for file, _ in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = [ast.unparse(b) for b in node.bases if ast.unparse(b) != node.name]

    def depth(name: str, seen: tuple[str, ...] = ()) -> int:
        parents = [b for b in bases.get(name, []) if b in bases and b not in seen]
        return 1 + max((depth(b, (*seen, name)) for b in parents), default=0)

    assert {name: depth(name) for name in bases if depth(name) > CHAIN} == {}


def test_what_is_too_big_is_named() -> None:
    file = ROOT / "tests" / "test_sizes.py"
    assert next(over(file, 10)).startswith("tests/test_sizes.py has")
    wide = "def f(a, b, c, d, e, *, g, h, i, j):\n" + "    pass\n" * 60
    many = Path(ROOT / "tests" / "wide.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_text", lambda self, encoding=None: wide)
        assert [*over(many, 400)] == [
            "tests/wide.py:1: f has 61 lines, more than 60",
            "tests/wide.py:1: f has 9 parameters, more than 8",
        ]


def test_every_module_says_in_one_line_what_it_is() -> None:
    silent = []
    for file, _ in FILES:
        text = file.read_text(encoding="utf-8")
        if text.strip() and not ast.get_docstring(ast.parse(text)) and not file.is_relative_to(ROOT / "tests"):
            silent.append(str(file.relative_to(ROOT)))
    assert silent == []
