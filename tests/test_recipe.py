"""Recipes: found by file or module, called with typed values, and errors that say where and what instead."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.convert import convert, describe, fits
from komainu.errors import UsageError
from komainu.recipe import load, module_name, split
from komainu.spec import Spec
from tests.core_fakes import Join, Source, recipe_file


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    return recipe_file(tmp_path, monkeypatch)


@pytest.mark.parametrize("target", ["small.py:family", "./small.py:family", "small:family"])
def test_a_recipe_is_a_function_of_a_file_or_a_module(target: str) -> None:
    found = load(target, ["size=m", "n=2"])
    assert isinstance(found.stage, Join) and found.stage.parts[0] == Source(n=4)


def test_the_name_has_the_given_settings_in_the_order_of_the_function() -> None:
    assert load("small.py:family").name == "family"
    assert load("small.py:family", ["n=2", "size=m"]).name == "family,size=m,n=2"


@pytest.mark.parametrize(
    ("target", "values", "said"),
    [
        ("smal.py:family", [], "no recipe file smal.py; did you mean 'small.py'?"),
        ("small.py:famly", [], "small.py has no recipe 'famly'; did you mean 'family'?"),
        ("small.py", [], "name a recipe function: small.py:broken(n: int = 3); small.py:family(size:"),
        ("nowhere.mod:family", [], "no module 'nowhere.mod'"),
        ("fami ly", [], "'fami ly' is not a recipe"),
        ("small.py:nothing", [], "must return a Stage, not int"),
        ("small.py:family", ["siz=m"], "family has no parameter 'siz'; did you mean 'size'?"),
        ("small.py:family", ["size=xl"], "family: size must be one of s, m; not 'xl'"),
        ("small.py:family", ["n=many"], "family: n must be int, not 'many'"),
        ("small.py:family", ["rate=nan"], "family: rate must be float, not 'nan'"),
        ("small.py:family", ["n"], "'n' is not a setting; settings are key=value"),
        ("small.py:family", ["n=1", "n=2"], "n is given twice: '1' and '2'"),
        ("small.py:needy", [], "needy needs data=STR, steps=INT"),
        ("small.py:needy", ["data=x"], "needy needs steps=INT"),
    ],
)
def test_a_wrong_target_or_setting_says_what_instead(target: str, values: list[str], said: str) -> None:
    with pytest.raises(UsageError) as error:
        load(target, values)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("def f(:\n", r"bad\.py:1: invalid syntax"),
        ("import komainu.nothing\n", r"bad\.py:1: ModuleNotFoundError: No module named 'komainu.nothing'"),
        ("def f():\n    return 1 / 0\n", r"bad\.py:2: ZeroDivisionError"),
        ("x = undefined\n", r"bad\.py:1: NameError"),
        ("def f(a: Nothing): ...\nNothing = 3 if f else 4\ndel Nothing\n", r"bad\.py:1: NameError"),
        (
            "from tests.core_fakes import Source\ndef f():\n    return Source(words='x')\n",
            r"bad\.py:3: TypeError: .*unexpected keyword argument 'words'",
        ),
    ],
)
def test_an_error_in_the_recipe_comes_with_file_and_line(body: str, said: str) -> None:
    Path("bad.py").write_text(body)
    with pytest.raises(UsageError, match=said):
        load("bad.py:f")


def test_an_error_deeper_down_keeps_its_traceback() -> None:
    Path("bad.py").write_text("import json\ndef f():\n    return json.loads('{')\n")
    with pytest.raises(ValueError, match="Expecting property name"):
        load("bad.py:f")


def test_a_recipe_file_is_the_module_that_importing_it_gives() -> None:
    Path("house").mkdir()
    mine = "from tests.core_fakes import Source\nclass Mine(Source): ...\ndef f(): return Mine()\n"
    Path("house/a.py").write_text(mine)
    Path("house/b.py").write_text("from house.a import Mine\ndef f(): return Mine(n=2)\n")
    a = load("house/a.py:f").stage
    assert type(a).__module__ == "house.a" and type(load("house/b.py:f").stage) is type(a)


def test_a_recipe_file_never_stands_in_for_a_library() -> None:
    Path("json.py").write_text("from tests.core_fakes import Source\ndef f() -> Source: return Source()\n")
    assert load("json.py:f").stage == Source()
    assert hasattr(sys.modules["json"], "dumps")
    assert module_name(Path("json.py").resolve()).startswith("recipe_")


def test_a_recipe_elsewhere_can_import_its_neighbours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "else where").mkdir()
    (tmp_path / "neighbour_of_it.py").write_text("N = 5\n")
    (tmp_path / "it.py").write_text(
        "from neighbour_of_it import N\nfrom tests.core_fakes import Source\ndef f() -> Source: return Source(n=N)\n"
    )
    monkeypatch.chdir(tmp_path / "else where")
    assert load("../it.py:f").stage == Source(n=5)


@pytest.mark.parametrize(
    ("text", "hint", "value"),
    [
        ("3", int, 3),
        ("1e-5", float, 1e-5),
        ("3", float, 3.0),
        ("Yes", bool, True),
        ("0", bool, False),
        ("a=b", str, "a=b"),
        ("a/b", Path, Path("a/b")),
        ("m", Literal["s", "m"], "m"),
        ("8", Literal[7, 8], 8),
        ("none", int | None, None),
        ("3", int | None, 3),
        ("x", int | str, "x"),
        ("3", str | int, 3),
        ("1,2", tuple[int, ...], (1, 2)),
        ("", tuple[int, ...], ()),
        ("1, x", tuple[int, str], (1, "x")),
        ("a,b", list[Path], [Path("a"), Path("b")]),
        ("a,b", tuple, ("a", "b")),
        ("3", Annotated[int, "steps"], 3),
        ("x", Any, "x"),
    ],
)
def test_a_text_becomes_what_the_annotation_asks_for(text: str, hint: Any, value: Any) -> None:
    found = convert(text, hint, "f: x")
    assert found == value and type(found) is type(value)
    assert fits(found, hint)


@pytest.mark.parametrize(
    ("text", "hint", "said"),
    [
        ("maybe", bool, "f: x must be bool, not 'maybe'"),
        ("1.5", int, "f: x must be int"),
        ("inf", float, "f: x must be float"),
        ("x", int | None, "f: x must be none or int, not 'x'"),
        ("1,x", tuple[int, ...], r"f: x\[1\] must be int, not 'x'"),
        ("1", tuple[int, int], "f: x takes 2 values with commas between"),
        ("x", dict[str, int], "f: x is a dict of str, int, which a setting cannot spell; set it in the recipe"),
        ("x", Spec, "f: x is a Spec, which a setting cannot spell"),
    ],
)
def test_a_text_that_does_not_fit_is_refused(text: str, hint: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        convert(text, hint, "f: x")


@pytest.mark.parametrize(
    ("value", "hint", "right"),
    [
        (1, float, True),
        (True, float, False),
        (True, int, False),
        ("1", float, False),
        (None, int | None, True),
        ("s", Literal["s", "m"], True),
        ("x", Literal["s", "m"], False),
        ((1, 2), tuple[int, ...], True),
        ((1, "2"), tuple[int, ...], False),
        ([1], tuple[int, ...], False),
        ((1,), tuple[int, int], False),
        ({"a": 1}, dict[str, int], True),
        ({"a": "b"}, dict[str, int], False),
        (Source(), Spec, True),
        (3, Spec, False),
        (3, "a forward reference", True),
    ],
)
def test_a_value_fits_its_annotation_or_not(value: Any, hint: Any, right: bool) -> None:
    assert fits(value, hint) is right


SIMPLE = st.sampled_from([int, float, bool, str, Path, Literal["a", "b"], tuple[int, ...], int | None, list[float]])


@given(st.text(max_size=12), SIMPLE)
def test_any_text_gives_a_value_that_fits_or_a_usage_error(text: str, hint: Any) -> None:
    try:
        assert fits(convert(text, hint, "f: x"), hint)
    except UsageError as error:
        assert str(error).startswith("f: x") and describe(hint)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back_as_they_were(number: float) -> None:
    assert convert(repr(number), type(number), "x") == number


@given(st.lists(st.text(max_size=6), max_size=4))
def test_settings_are_split_at_the_first_equals_sign(values: list[str]) -> None:
    settings = {f"k{i}": v for i, v in enumerate(values)}
    assert split([f"{k}={v}" for k, v in settings.items()]) == settings
