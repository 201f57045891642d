"""The program in a chat answer: fenced code, bare code, code among prose, or only the rest of the prompt."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from komainu.checks.text import visible

FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})[^\n`]*\n(.*?)(?:^[ \t>]*\1[`~]*[ \t]*$|\1[ \t]*$|\Z)", re.S | re.M)
STARTS = re.compile(r"(?:async def|class|def|from|import)\s|@\w|[A-Za-z_]\w*\s*(?::[^=\n]+)?=[^=]")
LONGEST = 100_000  # characters of an answer that are looked at
MOST = 60  # places where a program may begin among prose


def program(answer: str, entry: str, prompt: str) -> str:
    """The program in an answer that defines `entry`; "" where there is none.

    A think block is left out. Of several fenced blocks that define the function, the one with the most lines is
    taken, the first of them when equal; without a fence, the longest run of lines that is Python. An answer that
    defines nothing is read as going on where `prompt` ends. What the function does not need is left out: tests,
    examples, calls. Not covered: functions inside a class, and a program in several blocks.
    """
    text = visible(answer).rpartition("</think>")[2][:LONGEST].replace("\r\n", "\n").replace("\t", "    ")
    blocks = [code for _, code in FENCE.findall(text)]
    for sources in (blocks, [text]):
        found = [code for source in sources for code in pieces(dedented(source)) if entry in defined(code)]
        if found:
            return needed(max(found, key=size), entry)
    for rest in (*blocks, text.strip("\n")):
        codes = [longest(f"{prompt}\n{body}".split("\n")) for body in (rest, indented(rest))]
        found = [code for code in codes if entry in defined(code) and size(code) > size(prompt)]
        if found:
            return needed(max(found, key=size), entry)
    return ""


def pieces(text: str) -> Iterator[str]:
    """Runs of lines that are Python: the text when it is, else the longest from each place that may begin one."""
    if parsed(text) is not None:
        yield text
        return
    lines = text.split("\n")
    starts = [n for n, line in enumerate(lines) if STARTS.match(line)]
    for start in starts[:MOST]:
        if found := longest(lines[start:]):
            yield found


def longest(lines: list[str]) -> str:
    """The longest beginning of some lines that is Python; "" when none is."""
    end = len(lines)
    while end > 0:
        wrong = mistake("\n".join(lines[:end]))
        if wrong is None:
            return "\n".join(lines[:end])
        end = min(end - 1, wrong)  # nothing that reaches beyond the mistake can be right
    return ""


def parsed(code: str) -> ast.Module | None:
    """The program's syntax tree; None when it is not Python."""
    found = tree(code)
    return found if isinstance(found, ast.Module) else None


def mistake(code: str) -> int | None:
    """How many lines stand before the first mistake; None when there is none."""
    found = tree(code)
    return None if isinstance(found, ast.Module) else found


def tree(code: str) -> ast.Module | int:
    """The syntax tree, or how many lines stand before the first mistake."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = ast.parse(code)
        except SyntaxError as error:
            return max(0, (error.lineno or 1) - 1)
        except (ValueError, RecursionError, MemoryError):  # null characters, and brackets without end
            return 0
    outside = [each.lineno - 1 for each in found.body if isinstance(each, ast.Return)]
    return min(outside) if outside else found  # Python parses a `return` outside of functions, but does not run it


def defined(code: str) -> set[str]:
    """The names that a program binds at its top, also inside `if` and `try`."""
    found = parsed(code)
    return set().union(*(bound(each) for each in found.body)) if found else set()


def needed(code: str, entry: str) -> str:
    """The program without what the function does not need: only imports, and what it reaches by name.

    Bare expressions and assertions are left out, as tests and examples are made of them.
    """
    found = parsed(code)
    assert found is not None
    body = [each for each in found.body if not isinstance(each, (ast.Expr, ast.Assert))]
    wanted, kept = {entry}, [isinstance(each, (ast.Import, ast.ImportFrom)) for each in body]
    changed = True
    while changed:
        changed = False
        for n, each in enumerate(body):
            if not kept[n] and bound(each) & wanted:
                kept[n] = changed = True
                wanted |= reached(each)
    try:
        return ast.unparse(ast.Module([each for n, each in enumerate(body) if kept[n]], []))
    except RecursionError:
        return code


def reached(statement: ast.stmt) -> set[str]:
    """Names that a statement at the top takes from elsewhere; a function's own variables are not among them."""
    names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
    loaded = {node.id for node in names if isinstance(node.ctx, ast.Load)}
    if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return loaded
    shared = {n for node in ast.walk(statement) if isinstance(node, ast.Global) for n in node.names}
    own = {node.id for node in names if isinstance(node.ctx, ast.Store)} - shared
    own |= {node.arg for node in ast.walk(statement) if isinstance(node, ast.arg)}
    before = [*statement.decorator_list, *statement.args.defaults, *filter(None, statement.args.kw_defaults)]
    return loaded - own | {node.id for part in before for node in ast.walk(part) if isinstance(node, ast.Name)}


def bound(statement: ast.stmt) -> set[str]:
    """Names that a statement at the top binds, or whose values it changes in place."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    found: set[str] = set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.value, ast.Name):
            found.add(node.value.id)
            waiting += ast.iter_child_nodes(node)
        else:
            waiting += ast.iter_child_nodes(node)
    return found


def dedented(text: str) -> str:
    """Lines without the white space, or the quotation marks, that all of them begin with."""
    lines = text.split("\n")
    if all(line.startswith(">") for line in lines if line.strip()):
        lines = [line[1:].removeprefix(" ") for line in lines]
    margins = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    margin = min(margins, default=0)
    return "\n".join(line[margin:] if line.strip() else "" for line in lines)


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


def size(code: str) -> int:
    """Lines that are not blank."""
    return sum(bool(line.strip()) for line in code.split("\n"))
