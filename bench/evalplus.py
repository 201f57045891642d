"""EvalPlus held against itself: canonical programs pass, and changed ones fail.

python -m bench.evalplus FOLDER [repeats] [mutants] [seed]     default: 5 repeats, 1 mutant of each kind a problem

FOLDER holds HumanEvalPlus.jsonl(.gz) and MbppPlus.jsonl(.gz). Run it beside other work: the limits are in CPU time.
Exits 1 when a canonical program fails.
"""

from __future__ import annotations

import ast
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator

from komainu.eval.bench.evalplus import EvalPlus, EvalPlusItems, problems
from komainu.eval.items import Source
from komainu.rows import Chat

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
KINDS = ("none", "comparison", "operator", "constant", "return")


def mutant(code: str, entry: str, kind: str, rng: random.Random) -> str:
    """The program with one thing changed, at a place drawn from all that could be; "" when there is none."""
    if kind == "none":
        return f"{code}\n\ndef {entry}(*_, **__):\n    return None\n"
    tree = ast.parse(code)
    places = [*changes(tree, kind)]
    if not places:
        return ""
    node, name, value = rng.choice(places)
    setattr(node, name, value)
    return ast.unparse(ast.fix_missing_locations(tree))


def changes(tree: ast.AST, kind: str) -> Iterator[tuple[ast.AST, str, object]]:
    """What could be changed: node, field and new value."""
    for node in ast.walk(tree):
        if kind == "comparison" and isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
            yield node, "ops", [SWAPS[type(node.ops[0])](), *node.ops[1:]]
        elif kind == "operator" and isinstance(node, (ast.BinOp, ast.BoolOp)) and type(node.op) in SWAPS:
            yield node, "op", SWAPS[type(node.op)]()
        elif kind == "constant" and isinstance(node, ast.Constant) and type(node.value) is int:
            yield node, "value", node.value + 1
        elif kind == "return" and isinstance(node, ast.Return) and node.value:
            yield node, "value", ast.List([node.value], ast.Load())


def answered(item: Chat, code: str) -> Chat:
    return item.with_reply(f"Here it is.\n\n```python\n{code}\n```\n")


def main(folder: str, repeats: int, mutants: int, seed: int) -> int:
    """Print the figures; returns how many canonical programs failed."""
    source = Source(path=folder)
    bench, known = EvalPlus(source=source), problems(source)
    items = EvalPlusItems(source=source).rows()
    right = [answered(item, known[item.id].solution) for item in items]
    failed = 0
    for n in range(repeats):
        start = time.monotonic()
        found = [*bench.judged(right)]
        wrong = [f"{item.id}: {v.why}" for item, v in zip(items, found, strict=True) if not v.plus]
        failed += len(wrong)
        took, load = time.monotonic() - start, os.getloadavg()[0]
        cores = len(os.sched_getaffinity(0))
        print(f"repeat {n + 1}: {len(items) - len(wrong)} of {len(items)} canonical programs pass, {took:.0f} s, "
              f"load {load:.1f} on {cores} cores {wrong[:5]}", flush=True)  # fmt: skip
    for kind in KINDS if mutants else ():
        tries = []
        for item in items:
            problem = known[item.id]
            rng = random.Random(f"{seed}:{kind}:{item.id}")
            codes = {mutant(problem.solution, problem.entry, kind, rng) for _ in range(mutants)} - {""}
            tries += [answered(item, code) for code in sorted(codes)]
        found = [*bench.judged(tries)]
        base, plus = (sum(not getattr(v, name) for v in found) for name in ("base", "plus"))
        why = Counter(v.why.split(":")[0] for v in found if not v.plus)
        print(f"mutants, {kind}: {len(found)}, caught by base {base}, by plus {plus}; {dict(why)}", flush=True)
    return failed


if __name__ == "__main__":
    numbers = [int(a) for a in sys.argv[2:]] + [5, 1, 0][len(sys.argv) - 2 :]
    sys.exit(1 if main(sys.argv[1], *numbers) else 0)
