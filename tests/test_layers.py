"""Imports point down, the wings do not know each other, and nothing heavy is loaded before it is needed."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = [  # a module imports its own part and what stands above it in this list
    ["errors", "progress", "leaves", "terminal"],
    ["spec", "rows", "settings", "convert", "thinking"],
    ["files"],
    ["checks", "models", "sandbox", "seal", "environment", "pages", "prompts", "marks", "licences"],
    ["cluster"],
    ["program"],
    ["stage"],
    ["store"],
    ["stored"],
    ["context"],
    ["data", "train", "eval", "release"],
    ["holdout"],
    ["launch", "recipe", "plan", "lineage", "doctor"],
    ["kin", "trace", "compare", "candidate", "cost", "fresh", "proof"],
    ["ancestry", "probe", "touched", "elsewhere", "workload"],
    ["worker", "sweeps"],
    ["abreast", "shards", "underway"],
    ["studio"],
    ["cli_verbs"],
    ["serving", "cli_eval_verbs"],
    [
        "cli_board",
        "cli_check",
        "cli_compare",
        "cli_complete",
        "cli_export",
        "cli_factors",
        "cli_import",
        "cli_look",
        "cli_panel",
        "cli_probe",
        "cli_proof",
        "cli_publish",
        "cli_rank",
        "cli_status",
        "cli_studio",
        "cli_sweep",
        "cli_trace",
        "cli_view",
    ],
    ["cli_job"],
    ["cli_chat", "cli_data", "cli_eval", "cli_release"],
    ["cli"],
]
ROWS = ("turns", "jsontext", "pairs", "completions", "carried", "layouts", "parquet", "tables", "votes", "zst")
PARTS = {name: "files" for name in ROWS}  # rows in files
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
HEAVY = {"torch", "transformers", "tokenizers", "safetensors", "numpy", "scipy", "pyarrow", "sacrebleu", "aiohttp"}
HEAVY |= {"matplotlib", "tensorboard", "fugashi", "sudachipy", "zstandard", "jinja2", "rich", "pytest", "hypothesis"}


def part(module: str) -> str:
    """The part of komainu a dotted module belongs to; "" for the package itself."""
    name = module.split(".")[1] if "." in module else ""
    return PARTS.get(name, name)


def modules(folder: Path) -> Iterator[tuple[Path, str]]:
    for file in sorted(folder.rglob("*.py")):
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        yield file, name.removesuffix(".__init__")


def imports(tree: ast.AST, *, top_only: bool = False) -> Iterator[str]:
    """The modules a file imports; those for type checkers only are left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            yield from ([f"{module}.{alias.name}" for alias in node.names] if module == "komainu" else [module])
        elif not (top_only and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))):
            yield from imports(node, top_only=top_only)


def test_every_module_has_a_layer() -> None:
    assert {part(name) for _, name in modules(ROOT / "komainu")} - {""} <= LEVEL.keys()


def test_imports_point_down() -> None:
    wrong = []
    for file, name in modules(ROOT / "komainu"):
        me = part(name)
        for target in imports(ast.parse(file.read_text(encoding="utf-8"))):
            other = part(target) if target.split(".")[0] == "komainu" else ""
            if other in LEVEL and other != me and LEVEL[other] >= LEVEL.get(me, -1):
                wrong.append(f"{file.relative_to(ROOT)} may not import {target}")
    assert wrong == []


def test_nothing_imports_recipes() -> None:
    for folder in ("komainu", "bench"):
        for file, _ in modules(ROOT / folder):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            assert not any(t.split(".")[0] in ("recipes", "tests") for t in imports(tree)), file


def loaded_by(names: list[str]) -> set[str]:
    """The top-level packages that importing modules loads, in a fresh process."""
    code = f"import importlib, sys\nfor m in {names!r}: importlib.import_module(m)\n"
    code += "print(*{m.split('.')[0] for m in sys.modules})"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_importing_komainu_loads_nothing_but_itself() -> None:
    before = loaded_by(["importlib"])
    assert loaded_by(["komainu"]) - before == {"komainu"}


def test_the_core_loads_nothing_heavy() -> None:
    core = [n for _, n in modules(ROOT / "komainu") if n.count(".") == 1 and part(n) in LEVEL and part(n) not in PARTS]
    core = [
        n for n in core if n.split(".")[1] not in ("parquet", "tables", "zst")
    ]  # these are what their library is for
    assert not loaded_by(core) & HEAVY


def test_what_recipes_import_loads_nothing_heavy() -> None:
    recipes = [*modules(ROOT / "recipes")]
    if not recipes:
        pytest.skip("there is no recipe")
    wanted = {name for _, name in recipes}
    for file, _ in recipes:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        wanted |= {t for t in imports(tree, top_only=True) if t.startswith("komainu.")}
    assert not loaded_by(sorted(wanted)) & HEAVY


def stage_modules() -> list[str]:
    """Modules with a class that names Spec, Stage, Step, Bench or Check as its base."""
    found = []
    for file, name in modules(ROOT / "komainu"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        bases = {ast.unparse(b) for n in ast.walk(tree) if isinstance(n, ast.ClassDef) for b in n.bases}
        if bases & {"Spec", "Stage", "Step", "Bench", "Check"}:
            found.append(name)
    return found


@pytest.mark.parametrize("wing", ["checks", "data", "train", "eval", "release"])
def test_modules_of_specs_and_stages_load_nothing_heavy(wing: str) -> None:
    names = [n for n in stage_modules() if part(n) == wing]
    if not names:
        pytest.skip(f"{wing} has no spec yet")
    assert not loaded_by(names) & HEAVY
