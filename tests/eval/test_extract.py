"""The program in a chat answer, however the answer is written."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.eval.bench.programs.extract import program

PROMPT = 'from typing import List\n\n\ndef double(x: int) -> int:\n    """ Twice x. """\n'
DOUBLE = "def double(x):\n    return 2 * x"
FENCED = f"```python\n{DOUBLE}\n```"


def value(answer: str, prompt: str = PROMPT) -> object:
    """What the program in an answer returns for 3; "no program" without one."""
    code = program(answer, "double", prompt)
    if not code:
        return "no program"
    space: dict[str, object] = {"__name__": "program"}
    exec(code, space)
    return space["double"](3)  # type: ignore[operator]


@pytest.mark.parametrize(
    "answer",
    [
        DOUBLE,
        FENCED,
        f"Sure! Here it is:\n\n{FENCED}\n\nIt doubles the number; try `double(2)`.",
        f"```\n{DOUBLE}\n```",
        f'```py title="a.py"\n{DOUBLE}\n```',
        f"~~~python\n{DOUBLE}\n~~~",
        f"````markdown\n{DOUBLE}\n````",
        f"```python\n{DOUBLE}",
        f"```python\n{DOUBLE}```",
        f"   ```python\n   {DOUBLE.replace(chr(10), chr(10) + '   ')}\n   ```",
        f"1. The code:\n    ```python\n    {DOUBLE.replace(chr(10), chr(10) + '    ')}\n    ```",
        "> ```python\n" + "\n".join(f"> {line}" for line in DOUBLE.split("\n")) + "\n> ```",
        f"<think>```python\ndef double(x): return 0\n```</think>\n{FENCED}",
        f"So I double it. ```python\ndef double(x): return 0\n```\n</think>\n\n{FENCED}",
        f"```bash\npip install numpy\n```\nThen:\n{FENCED}\n```text\n6\n```",
        f"```python\ndef other(x):\n    return 0\n```\n{FENCED}",
        f"{FENCED}\nTests:\n```python\nassert double(2) == 4\nprint(double(9))\n```",
        f"First try:\n```python\ndef double(x): return 0\n```\nBetter:\n```python\n# doubles\n{DOUBLE}\n```",
        f"The function is\n\n{DOUBLE}\n\nand that is all there is to it.",
        f"import os\nimport sys\n\n{DOUBLE}\n\nThis is what you asked for!",
        f"{DOUBLE}\n\nprint(double(int(input())))",
        f"{DOUBLE}\n\nassert double(2) == 5",
        f"{DOUBLE}\n\nif __name__ == '__main__':\n    n = int(input())\n    print(double(n))",
        f"n = int(input())\nresult = double(n)\n{DOUBLE}",
        "    return 2 * x",
        "    y = x\n    return x + y\n\nThe function returns the double.",
        "```python\n    return 2 * x\n```",
        "```python\nreturn 2 * x\n```",
        "return 2 * x",
        "y = x\nreturn x + y",
        "def double(x):\r\n\treturn 2 * x\r\n",
        "double = lambda x: 2 * x",
        "import functools\n\n@functools.cache\ndef double(x):\n    return 2 * x",
        "TABLE = [0] * 9\nfor n in range(9):\n    TABLE[n] = 2 * n\n\ndef double(x):\n    return TABLE[x]",
        "try:\n    from math import no_such_thing as twice\nexcept ImportError:\n    twice = lambda x: 2 * x\n\n"
        "def double(x):\n    return twice(x)",
        "class Doubler:\n    def times(self, x):\n        return FACTOR * x\n\nFACTOR = 2\n\n"
        "def double(x):\n    return Doubler().times(x)",
        "def double(x):\n    return helper(x)\n\ndef helper(x):\n    return 2 * x",
        "def double(x):\n    global n\n    n = x\n    return n * m\n\nm = 2\nn = 0",
        f"{FENCED}\n\n```python\ndef double(x): # cut off\n    return (",
        "import re\nPATTERN = '\\d'\ndef double(x):\n    return 2 * x",
    ],
)
def test_the_program_is_found(answer: str) -> None:
    assert value(answer) == 6


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "I cannot do that.",
        "```python\nprint(6)\n```",
        "```python\ndef triple(x):\n    return 3 * x\n```",
        "class Solution:\n    def double(self, x):\n        return 2 * x",
        "<think>def double(x):\n    return 2 * x",
        "def double(x",
        "\x00",
        "(" * 5000,
    ],
)
def test_an_answer_without_it_has_no_program(answer: str) -> None:
    assert value(answer, prompt="") == "no program"


def test_prose_after_a_completion_is_not_taken_for_code() -> None:
    assert program("I cannot do that.", "double", PROMPT) == ""
    assert value("    return 2 * x\n\nNote that x may be negative.\n- And so on.") == 6


def test_the_longest_block_with_the_function_is_taken_the_first_of_equal_ones() -> None:
    short, long = "```\ndef double(x): return 1\n```", "```\ndef double(x):\n    return 2\n```"
    assert value(short + "\n" + long) == value(long + "\n" + short) == 2
    assert value(short + "\n" + short.replace("1", "3")) == 1


def test_what_the_function_does_not_need_is_left_out() -> None:
    code = program(f"import os\n{DOUBLE}\ndef main():\n    pass\nx = 1\nmain()\nassert x", "double", "")
    assert [type(each).__name__ for each in ast.parse(code).body] == ["Import", "FunctionDef"]


def test_a_variable_of_the_function_keeps_nothing_of_the_same_name_alive() -> None:
    code = program("def double(x):\n    n = 2\n    return n * x\n\nn = int(input())", "double", "")
    assert "input" not in code
    assert "n = 2" in program("n = 2\n\ndef double(x, k=n):\n    n = k\n    return n * x", "double", "")


words = st.sampled_from(
    ["```", "```python", "~~~", "\n", "    ", "return 2 * x", "def double(x):", "<think>", "</think>"]
)
texts = st.lists(words | st.text(max_size=8), max_size=24).map("".join)


@given(texts, st.sampled_from([PROMPT, "", "def double(x):\n"]))
def test_any_answer_gives_a_program_that_defines_the_function_or_none(answer: str, prompt: str) -> None:
    code = program(answer, "double", prompt)
    assert code == "" or ("double" in code and ast.parse(code).body)


@given(texts.filter(lambda text: not any(mark in text for mark in ("`", "~", "double", "think"))), texts)
def test_a_fenced_program_is_found_whatever_stands_before_it(before: str, after: str) -> None:
    assert value(f"{before}\n{FENCED}\n") == 6
