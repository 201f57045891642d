"""The demo's models in a real vLLM on the CPU: this process's answers, the trained template, nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec import structs

from komainu.errors import EndpointError, UsageError
from komainu.eval.base import Answers
from komainu.models.base import Model, Question, Reply, RopeScaling
from komainu.models.engine import Engine
from komainu.models.http import HttpClient
from komainu.models.server import launch_of, served, server_of
from komainu.models.template import token_ids, tokenizer_of
from komainu.release.report import Report
from komainu.rows import Chat, Message
from komainu.settings import Endpoint, Settings
from komainu.spec import Spec
from komainu.store import Store
from recipes.demo import SIZES, family

pytestmark = pytest.mark.vllm
NAMES = ("base", "sft", "dpo")
LEAST = 0.95  # of the items, on which the answers must be equal to the last character
SIZE, SEED = os.environ.get("KOMAINU_DEMO_SIZE", "s"), int(os.environ.get("KOMAINU_DEMO_SEED", "0"))


@pytest.fixture(scope="session")
def demo() -> Report:
    assert SIZE in SIZES
    return family(size=SIZE, seed=SEED)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def store(settings: Settings) -> Store:
    return Store(settings.root)


@pytest.fixture(scope="session")
def directories(demo: Report, store: Store) -> dict[str, Path]:
    return {name: store.place(stage) for name, stage in zip(NAMES, demo.training, strict=True)}


@pytest.fixture(scope="session")
def items(demo: Report, store: Store) -> list[Question]:
    """The prompts that the demo's board is about."""
    answers = demo.samples[0]
    assert isinstance(answers, Answers)
    found = store.find(answers.items)
    assert found is not None, "build the demo first: make demo"
    return [Question(row.prompt) for row in found.rows() if isinstance(row, Chat)]


def model_of(name: str, factor: int) -> Model:
    rope = RopeScaling(factor=factor) if factor else None
    return Model(name=name, weights=Spec(), max_tokens=96, rope=rope)


def here(directory: Path, settings: Settings, model: Model, questions: list[Question]) -> list[Reply]:
    return list(Engine(lambda spec: directory, settings).ask(model, questions))


def there(endpoint: Endpoint, model: Model, questions: list[Question]) -> list[Reply]:
    client = HttpClient(endpoint, model.name)
    try:
        return list(client.ask(model, questions))
    finally:
        client.close()


def long_prompts(directory: Path, items: list[Question], many: int) -> list[Question]:
    """Chats of more tokens than the trained 256, and room for an answer in 512: items one after the other."""
    tokenizer, left = tokenizer_of(directory), iter(items)
    found: list[Question] = []
    while len(found) < many:
        turns: list[Message] = []
        while len(token_ids(tokenizer, [Question(tuple(turns))], "demo")[0]) <= 256:
            turns += [Message("assistant", "はい。")] * bool(turns)
            turns += [m for m in next(left).messages if m.role != "system"]
        found.append(Question(tuple(turns)))
    return found


@pytest.mark.parametrize("factor", [0, 2])
@pytest.mark.parametrize("name", NAMES)
def test_greedy_answers_are_those_of_this_process(
    name: str, factor: int, directories: dict[str, Path], items: list[Question], settings: Settings
) -> None:
    directory, model = directories[name], model_of(name, factor)
    ours = here(directory, settings, model, items)
    with served(directory, settings, model, engine="vllm", required=True) as endpoint:
        theirs = there(endpoint, model, items)
    equal = sum(a == b for a, b in zip(ours, theirs, strict=True))
    texts = sum(a.text == b.text for a, b in zip(ours, theirs, strict=True))
    print(f"\n{name}, scaling {factor}: {texts} of {len(items)} texts equal, {equal} with finish and token counts")
    for question, a, b in zip(items, ours, theirs, strict=True):
        if a != b:
            print(f"  {question.messages[-1].content[:50]!r}\n    here  {a}\n    there {b}")
    assert texts >= LEAST * len(items)


def test_sampling_defaults_of_the_directory_do_not_apply_and_its_stop_tokens_do(
    directories: dict[str, Path], items: list[Question], settings: Settings, tmp_path: Path
) -> None:
    for file in directories["dpo"].iterdir():
        (tmp_path / file.name).symlink_to(file.resolve())
    config = json.loads((tmp_path / "generation_config.json").read_text())
    stops = [config["eos_token_id"], *tokenizer_of(tmp_path).encode("。", add_special_tokens=False)]
    (tmp_path / "generation_config.json").unlink()
    changed = {
        "eos_token_id": stops,
        "repetition_penalty": 1.5,
        "do_sample": True,
        "temperature": 0.7,
        "top_k": 20,
        "max_new_tokens": 3,
    }
    (tmp_path / "generation_config.json").write_text(json.dumps({**config, **changed}))
    model, some = model_of("dpo", 0), items[:200]
    ours = here(tmp_path, settings, model, some)
    with served(tmp_path, settings, model, engine="vllm") as endpoint:
        theirs = there(endpoint, model, some)
    same = sum(a == b for a, b in zip(ours, theirs, strict=True))
    print(f"\nwith other defaults in generation_config.json: {same} of {len(some)} equal")
    for a, b in zip(ours, theirs, strict=True):
        if a != b:
            print(f"    here  {a}\n    there {b}")
    assert same >= LEAST * len(some)
    assert not any("。" in reply.text for reply in theirs) and any("。" in q.messages[-1].content for q in some)


def test_scaling_takes_prompts_past_the_trained_context_and_changes_answers(
    directories: dict[str, Path], items: list[Question], settings: Settings
) -> None:
    directory, plain, scaled = directories["dpo"], model_of("dpo", 0), model_of("dpo", 2)
    long = long_prompts(directory, items, 32)
    assert {reply.finish for reply in here(directory, settings, plain, long)} == {"context_overflow"}
    ours = here(directory, settings, scaled, long)
    sizes = [reply.prompt_tokens for reply in ours]
    assert min(sizes) > 256
    with served(directory, settings, scaled, engine="vllm") as endpoint:
        theirs = there(endpoint, scaled, long)
    same = sum(a.text == b.text for a, b in zip(ours, theirs, strict=True))
    short = [here(directory, settings, model, items) for model in (plain, scaled)]
    changed = sum(a.text != b.text for a, b in zip(*short, strict=True))
    print(f"\nprompts of {min(sizes)} to {max(sizes)} tokens: {same} of {len(long)} equal")
    print(f"scaling changes {changed} of {len(items)} short answers")
    assert same >= LEAST * len(long) and changed


def test_another_template_than_the_trained_one_is_refused(
    directories: dict[str, Path], settings: Settings, tmp_path: Path
) -> None:
    other = tmp_path / "other.jinja"
    other.write_text("{%- for m in messages %}[{{ m.role }}] {{ m.content }}\n{%- endfor %}[assistant] ")
    directory, model = directories["dpo"], model_of("dpo", 0)
    runtime = settings.engines["vllm"]
    flags = (*runtime.flags, "--chat-template", str(other))
    changed = Settings(engines={"vllm": structs.replace(runtime, flags=flags)})
    with (
        pytest.raises(
            UsageError, match=r"(?s)does not apply the chat template.*trained: .*<\|user\|>.*served: .*\[user\]"
        ),
        served(directory, changed, model, engine="vllm"),
    ):
        pytest.fail("it was served")


HOLDER = """
import sys, time
from pathlib import Path
from komainu import settings
from komainu.models.base import Model
from komainu.models.server import launch_of, server_of

here = settings.load()
server = server_of(launch_of(Path(sys.argv[1]), here, Model(name="m"), "vllm"), here)
print(server.url(), flush=True)
time.sleep(600)
"""


def in_group(word: str) -> set[int]:
    """Processes of vLLM that have `word` in their command line, and all of their process groups."""
    groups: dict[int, set[int]] = {}
    mine: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            group = os.getpgid(int(folder.name))
            command = (folder / "cmdline").read_text()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, ProcessLookupError):
            continue
        if state != "Z":
            groups.setdefault(group, set()).add(int(folder.name))
        if word in command and "api_server" in command and "guard" not in command:
            mine.add(group)
    return {pid for group in mine for pid in groups.get(group, set())}


def ended(pids: set[int], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.mark.parametrize("crash", ["komainu", "vllm"])
def test_nothing_is_left_after_a_crash(
    crash: str, directories: dict[str, Path], settings: Settings, tmp_path: Path
) -> None:
    runtime = settings.engines["vllm"]
    toml = tmp_path / "komainu.toml"
    toml.write_text(
        f'[engines.vllm]\npython = "{runtime.python}"\nflags = ["--enforce-eager"]\ndtype = "float32"\n'
        'environment = { VLLM_CPU_KVCACHE_SPACE = "1" }\n'
    )
    copy = tmp_path / "a-model-of-its-own"
    copy.mkdir()
    for file in directories["dpo"].iterdir():
        (copy / file.name).symlink_to(file.resolve())
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(copy)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "KOMAINU_SETTINGS": str(toml), "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert holder.stdout is not None and holder.stdout.readline().startswith("http")
    pids = in_group("a-model-of-its-own")
    assert len(pids) >= 2, "vLLM has an engine process beside its server"
    if crash == "komainu":
        holder.send_signal(signal.SIGKILL)
    else:
        os.kill(min(pids), signal.SIGKILL)
    assert ended(pids)
    holder.kill()
    holder.communicate()


def test_a_server_that_cannot_start_says_why(directories: dict[str, Path], settings: Settings) -> None:
    launch = launch_of(directories["dpo"], settings, model_of("dpo", 0), "vllm", context=4096)
    server = server_of(launch, settings)
    with pytest.raises(EndpointError, match=r"(?s)ended before GET /health answered.*max_model_len"):
        server.url()
