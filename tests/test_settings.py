"""komainu.toml: defaults, the environment, and errors that name the file and the setting."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.errors import UsageError
from komainu.settings import Endpoint, Price, Settings, load, without_keys


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("STORE", "SETTINGS", "WORKERS", "THREADS", "ITEMS", "FIXTURES"):
        monkeypatch.delenv(f"KOMAINU_{name}", raising=False)


def written(text: str) -> Path:
    Path("komainu.toml").write_text(text, encoding="utf-8")
    return Path("komainu.toml")


def test_without_a_file_everything_has_a_default() -> None:
    assert load() == Settings() and load().root == Path("store")


def test_an_endpoint_is_read_whole() -> None:
    written(
        'workers = 4\n[endpoints.teacher]\nurl = "https://example.org/v1"\nkey = "TEACHER_KEY"\ntimeout = 30\n'
        '[endpoints.textbook]\nstart = ["{python}", "-m", "x", "{port}"]\n'
    )
    found = load()
    assert found.workers == 4
    assert found.endpoints["teacher"] == Endpoint(url="https://example.org/v1", key="TEACHER_KEY", timeout=30.0)
    assert found.endpoints["textbook"].start == ("{python}", "-m", "x", "{port}")


def test_replicas_limits_and_prices_are_read() -> None:
    written(
        '[endpoints.teacher]\nurl = ["http://a", "http://b"]\nrpm = 60\ntpm = 9000\npatience = 5\n'
        '[prices.teacher]\ninput = 0.5\noutput = 1.5\ncurrency = "JPY"\n'
    )
    found = load()
    assert found.endpoints["teacher"].urls == ("http://a", "http://b")
    assert (found.prices["teacher"], found.currency) == (Price(input=0.5, output=1.5, currency="JPY"), "JPY")
    assert Endpoint(url="http://a").urls == ("http://a",) and Endpoint(start=("x",)).urls == ()


def test_a_child_gets_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "sk-secret")
    given = without_keys(Settings(endpoints={"a": Endpoint(url="http://a", key="A_KEY")}))
    assert "A_KEY" not in given and "PATH" in given


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    written('store = "a"\nworkers = 4\nthreads = 1\n')
    monkeypatch.setenv("KOMAINU_STORE", "b")
    monkeypatch.setenv("KOMAINU_WORKERS", "7")
    assert (load().root, load().workers, load().threads) == (Path("b"), 7, 1)
    monkeypatch.setenv("KOMAINU_WORKERS", "many")
    with pytest.raises(UsageError, match=r"environment \(KOMAINU_STORE, KOMAINU_WORKERS\): .*workers"):
        load()


def test_folders_of_items_are_the_files_or_the_environments_and_the_fixtures_come_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written('items = ["a", "b"]\n')
    assert load().shelves == (Path("a"), Path("b"))
    monkeypatch.setenv("KOMAINU_FIXTURES", "real")
    assert load().shelves == (Path("a"), Path("b"), Path("real"))
    monkeypatch.setenv("KOMAINU_ITEMS", os.pathsep.join(["c d", "e"]))
    assert load().shelves == (Path("c d"), Path("e"), Path("real"))


def test_a_file_that_is_named_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="no such settings file"):
        load(Path("other.toml"))
    monkeypatch.setenv("KOMAINU_SETTINGS", "other.toml")
    with pytest.raises(UsageError, match=r"other\.toml: no such settings file"):
        load()
    Path("other.toml").write_text("workers = 3\n")
    assert load().workers == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("worker = 3", "komainu.toml: .*`worker`; did you mean 'workers'?"),
        ('[endpoints.t]\nurl = "http://x"\nkeys = "A"', "did you mean 'key'?"),
        ("workers = 0", "workers"),
        ('workers = "3"', "Expected `int`, got `str`"),
        ("[endpoints.t]", "needs `url`, or `start`"),
        ('[engines.vlm]\npython = "x"', "vlm"),
        ('[engines.vllm]\npyhton = "x"', "did you mean 'python'?"),
        ('[engines.vllm]\ndtype = "float"', "Invalid enum value 'float'"),
        ('[engines.vllm]\nenvironment = { "A B" = "1" }', "environment"),
        ('engine = "vlm"', "Invalid enum value 'vlm'"),
        ('[endpoints.t]\nurl = "example.org"', "must start with http"),
        ('[endpoints.t]\nurl = ["http://a", "b"]', "must start with http"),
        ('[endpoints.t]\nurl = ["http://a", "http://a"]', "names a server twice"),
        ("[prices.t]\ninput = 1.0\noutputs = 2.0", "did you mean 'output'?"),
        ("[prices.t]\ninput = -1.0\noutput = 2.0", "prices"),
        ("budget = -1.0", "budget"),
        ("workers = ", "not TOML"),
    ],
)
def test_a_wrong_setting_is_named(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        load(written(text))


def test_a_key_in_place_of_its_variable_is_refused_and_not_repeated() -> None:
    written('[endpoints.t]\nurl = "http://x"\nkey = "sk-very-secret"')
    with pytest.raises(UsageError, match="never the key itself") as error:
        load()
    assert "secret" not in str(error.value)


def test_a_file_that_is_not_utf8_is_refused() -> None:
    Path("komainu.toml").write_bytes(b"store = '\xff'")
    with pytest.raises(UsageError, match="not TOML"):
        load()


TOML = st.from_regex(r"(store|workers|endpoints\.a)? ?= ?.{0,20}", fullmatch=True)


@given(st.binary(max_size=60) | TOML.map(str.encode))
def test_any_bytes_are_settings_or_an_error_with_the_file(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(data)
    try:
        assert isinstance(load(file), Settings)
    except UsageError as error:
        assert re.match(re.escape(str(file)), str(error))
