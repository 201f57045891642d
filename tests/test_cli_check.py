"""`komainu data check`: every problem planted in a file is counted and shown; gates end with 3; the page is inert."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from komainu.data.check.reading import read
from komainu.train.tokenizer import Tokenizer
from tests.test_cli import Run, komainu_  # noqa: F401  (a fixture)
from tests.train.world import Texts, context

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
SPEECH = "その町の朝は早く、港には船が並び、市場には魚と野菜を売る声が響き、人々は坂道を上って仕事へ向かいます。"
TALE = "子どもらは橋の下で石を集め、老人たちは昼まで将棋を指して笑い、猫は屋根の上で長く眠ります。"
STORY = (
    "夏の終わりに海から来た旅人が、丘の上の古い宿に泊まりました。彼は毎晩、窓を開けて星の数を帳面に書きました。"
    "宿の主人は不思議に思い、理由を尋ねました。旅人は、失くした地図をもう一度描くためだと答えました。"
    "冬になると雪が道を隠し、手紙も届かなくなりました。それでも二人は炉のそばで、遠い島の話を続けたそうです。\n\n"
)


def said(question: str, answer: str, **more: Any) -> dict[str, Any]:
    return {"conversations": [{"from": "human", "value": question}, {"from": "gpt", "value": answer}], **more}


def written(rows: Iterable[Any], name: str = "chats.jsonl") -> str:
    texts = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    Path(name).write_text("\n".join(texts) + "\n", encoding="utf-8")
    return name


PLANTED: dict[str, list[Any]] = {
    "schema": ["{broken", {"messages": [{"role": "assistant", "content": "まず私から。"}]}, {"other": 1}],
    "repeated_id": [said("一つ目の問いです。", "一つ目の答えです。", id="x"), said("青い花は？", "桔梗です。", id="x")],
    "unanswered": [{"messages": [{"role": "user", "content": "答えのない問い"}]}],
    "refusal": [said("手伝って。", "申し訳ありませんが、そのご依頼にはお手伝いできません。")],
    "repetition": [said("話して。", "とても楽しい一日でした。" * 12)],
    "passage": [said("夜は？", STORY + (SPEECH + TALE + "\n\n") * 3)],
    "leakage": [said("駅は？", "その station は町の北にあります。")],
    "language": [said("今日は？", "It is sunny today and it will be warm.", meta={"lang": "ja"})],
    "mixed_register": [said("犬は？", "犬は動物です。とても賢い動物だ。昔から人と暮らします。今も人気がある。")],
    "boilerplate": [said("鯨は？", "AIとして、個人的な意見はありませんが、鯨は海にいます。")],
    "markup": [said("一覧は？", "要点は**速さと重さです。残りは明日話します。")],
    "encoding": [said("橋は？", "川の上にある\ufffdです。")],
    "shape": [said("印は？", "☆★☆★◎◎◎◎☆★☆★◎◎◎◎です☆☆☆☆")],
    "private": [said("連絡先は？", "hanako.yamada@kmail.co.jpに書いてください。")],
    "duplicate": [said("山は？", "高いです。"), said("山は？", "高いです！")],
    "near_duplicate": [said("町の朝を話して。", SPEECH * 2), said("町の朝を話して。", SPEECH * 2 + "終わりです。")],
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_problem_is_counted_and_shown_with_file_and_line(komainu_: Run, name: str) -> None:  # noqa: F811
    clean = [said("空は？", "青いです。"), said("What is it?", "It is a small bird.")]
    rows = [*clean, *PLANTED[name]]
    found = komainu_("data", "check", written(rows), "--json").json
    wanted = {"schema": 3}.get(name, 1)
    beside = {"leakage": 1} if name == "language" else {}  # every word of such an answer is in another language
    assert {n: p["rows"] for n, p in found["problems"].items() if p["rows"]} == {name: wanted, **beside}
    problem = found["problems"][name]
    assert found["objects"] == len(rows) and problem["share"] == wanted / len(rows)
    assert f"chats.jsonl:{len(rows)}" in [sample["at"] for sample in problem["samples"]]


def test_a_wrong_answer_in_the_middle_is_found_and_a_rejected_one_may_be_bad(komainu_: Run) -> None:  # noqa: F811
    turns = [("user", "駅は？"), ("assistant", "その station です。"), ("user", "海は？"), ("assistant", "南です。")]
    chat = {"messages": [{"role": role, "content": text} for role, text in turns]}
    pair = {"prompt": "川は？", "chosen": "西です。", "rejected": "その river は西です。"}
    found = komainu_("data", "check", written([chat, pair]), "--json").json
    assert [s["at"] for s in found["problems"]["leakage"]["samples"]] == ["chats.jsonl:1"]
    assert found["rows"] == {"Chat": 1, "Pair": 1} and found["counts"]["layout"] == {"messages": 1, "trl-plain": 1}


def test_lang_says_what_answers_are_to_be_in_where_rows_do_not(komainu_: Run) -> None:  # noqa: F811
    file = written([said("今日は？", "It is sunny today and it will be warm."), said("How are you?", "元気です。")])
    by_request = komainu_("data", "check", file, "--json").json["problems"]["language"]["samples"]
    assert sorted(s["at"] for s in by_request) == ["chats.jsonl:1", "chats.jsonl:2"]
    for lang, at in (("ja", "chats.jsonl:1"), ("en", "chats.jsonl:2")):
        found = komainu_("data", "check", file, "--lang", lang, "--json").json["problems"]["language"]["samples"]
        assert [s["at"] for s in found] == [at]


def test_a_gate_fails_over_its_share_and_holds_at_it(komainu_: Run) -> None:  # noqa: F811
    file = written([said("山は？", "高いです。"), said("山は？", "高いです。"), said("空は？", "青いです。"), "{"])
    assert komainu_("data", "check", file).code == 0
    assert komainu_("data", "check", file, "--gate", "duplicate=0.25", "--gate", "leakage=0").code == 0
    failed = komainu_("data", "check", file, "--gate", "duplicate=0.24", "--json")
    assert failed.code == 3
    assert failed.json["gates"] == [{"name": "duplicate", "limit": 0.24, "share": 0.25, "ok": False}]


def test_what_cannot_be_looked_at_is_said(komainu_: Run) -> None:  # noqa: F811
    file = written([said("空は？", "青いです。")])
    for words, why in (
        (["gone.jsonl"], "no such file"),
        ([written([], "empty.jsonl")], "the file is empty"),
        ([file, "--gate", "leekage=0.1"], "did you mean 'leakage'?"),
        ([file, "--gate", "contamination=0"], "looked for only with --against; give it too"),
        ([file, "--gate", "too_long=0"], "only with --tokenizer and --context; give it too"),
        ([file, "--gate", "leakage=2"], "a number from 0 to 1"),
        ([file, "--layout", "sharegp"], "did you mean 'sharegpt'?"),
        ([file, "--context", "9"], "give --tokenizer too"),
        ([file, "--tokenizer", "nowhere"], "there is no such folder"),
        ([file, "--against", written([{"x": 1}], "items.jsonl")], "items.jsonl:1: no prompt to compare with"),
    ):
        got = komainu_("data", "check", *words)
        assert got.code == 2 and why in got.err, got.err


def test_objects_of_an_array_on_one_line_are_told_apart(komainu_: Run) -> None:  # noqa: F811
    rows = [
        said("空は？", "青いです。"),
        said("山は？", "高いです。"),
        said("川は？", ""),
        said("海は？", "広いです。"),
    ]
    Path("chats.json").write_text(json.dumps(rows), encoding="utf-8")
    problems = komainu_("data", "check", "chats.json", "--json").json["problems"]
    assert problems["repeated_id"]["rows"] == 0  # a row without an id repeats none
    (sample,) = problems["schema"]["samples"]
    assert (sample["at"], sample["id"]) == ("chats.json:1, object 3", "line 1, object 3")


def test_a_place_may_be_a_folder_a_glob_or_a_part(komainu_: Run) -> None:  # noqa: F811
    Path("set").mkdir()
    first = written([said("空は？", "青いです。"), said("山は？", "高いです。")], "set/a.jsonl")
    written([said("空は？", "青いです。"), "{"], "set/b.jsonl")
    for place, objects, twins, broken in (
        ("set", 4, 1, 1),
        ("set/*.jsonl", 4, 1, 1),
        ("set/[b].jsonl", 2, 0, 1),
        ("set[:3]", 3, 1, 0),
        ("set/*.jsonl[-25%:]", 1, 0, 1),
    ):
        found = komainu_("data", "check", place, "--against", "set/a*", "--json").json
        rows = {name: problem["rows"] for name, problem in found["problems"].items()}
        assert (found["objects"], rows["duplicate"], rows["schema"]) == (objects, twins, broken), place
        assert found["file"] == place and rows["repeated_id"] == 0
    assert found["problems"]["schema"]["samples"][0]["at"] == "set/b.jsonl:2"
    written([], "set/c.jsonl")
    for place, why in (
        ("set", "set/c.jsonl: the file is empty"),
        ("sat", "no such file"),
        (f"{first}[5:]", "is empty"),
    ):
        got = komainu_("data", "check", place)
        assert got.code == 2 and why in got.err, got.err


def test_benchmark_prompts_are_found_in_any_turn(komainu_: Run) -> None:  # noqa: F811
    asked = "江戸時代の東海道にあった五十三の宿場のうち、最も西にあるものの名前を答えてください。"
    rows = [said("こんにちは。", "こんにちは。"), said(asked.replace("東海道", "ﾄｳｶｲﾄﾞｳ東海道"), "大津です。")]
    items = [written([{"question": asked, "id": "q7"}], "items.jsonl"), written([said(asked, "大津")], "more.jsonl")]
    found = komainu_("data", "check", written(rows), "--against", items[0], "--against", items[1], "--json").json
    (sample,) = found["problems"]["contamination"]["samples"]
    assert sample["at"] == "chats.jsonl:2" and "item q7 of items.jsonl" in sample["what"]
    assert sample["item"] == asked and asked[11:-1] in sample["passage"] and "ﾄｳｶｲﾄﾞｳ" in sample["passage"]
    for shape in ({"Question": asked}, {"turns": ["最初に挨拶をしてください。", asked]}):
        found = komainu_("data", "check", written(rows), "--against", written([shape], "shape.jsonl"), "--json").json
        assert found["problems"]["contamination"]["rows"] == 1, shape


def test_rows_are_rendered_and_masked_as_training_would(komainu_: Run, tmp_path: Path) -> None:  # noqa: F811
    ctx = context(tmp_path / "models")
    stage = Tokenizer(data=Texts(), vocab=300)
    path = ctx.store.build(stage, ctx).path
    rows = [
        said("犬は？", "犬です。"),
        said("猫は？", "猫です。" + "猫鳥魚" * 40),
        {"prompt": "馬", "chosen": "a", "rejected": "b"},
    ]
    words = ("data", "check", written(rows), "--tokenizer", str(path), "--json")
    found = komainu_(*words).json
    assert found["problems"]["template"]["rows"] == 0 and "too_long" not in found["problems"]
    assert found["lengths"]["tokens"]["sum"] > found["lengths"]["tokens trained"]["sum"] > 60
    assert sorted(each["at"] for each in found["masks"]) == ["chats.jsonl:1", "chats.jsonl:2", "chats.jsonl:3"]
    (dog,) = (each for each in found["masks"] if each["at"] == "chats.jsonl:1")
    trained = ["".join(text for text, on in d["runs"] if on) for d in dog["documents"]]
    assert trained[0].startswith("犬です。") and "犬は？" not in trained[0]
    (pair,) = (each["documents"] for each in found["masks"] if each["at"] == "chats.jsonl:3")
    assert [each["name"] for each in pair] == ["chosen", "rejected"]
    found = komainu_(*words, "--context", "64", "--page", "masks.html").json
    assert "<mark>犬です。" in Path("masks.html").read_text(encoding="utf-8")
    assert [s["at"] for s in found["problems"]["too_long"]["samples"]] == ["chats.jsonl:2"]
    config = path / "chat_template.jinja"
    config.write_text(config.read_text().replace("message.content", "message.content | upper"))
    found = komainu_("data", "check", written([said("x", "abc"), said("犬", "犬")]), *words[3:]).json
    (sample,) = found["problems"]["template"]["samples"]
    assert sample["at"] == "chats.jsonl:1" and "not prefix-stable" in sample["what"]


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_shows_samples_and_runs_nothing_of_theirs(komainu_: Run) -> None:  # noqa: F811
    rows = [
        said(HOSTILE, f"その station は {HOSTILE}", source=HOSTILE, id=HOSTILE),
        said("空", "青い", id=HOSTILE),
        "{",
    ]
    got = komainu_("data", "check", written(rows), "--page", "out.html")
    assert got.out.splitlines()[-1] == "page out.html"
    text = Path("out.html").read_text(encoding="utf-8")
    tags = Tags(text).found
    assert not {"script", "img", "iframe", "link"} & {tag for tag, _ in tags}
    assert not [key for _, attrs in tags for key in attrs if key.startswith("on") or key == "style"]
    assert "&lt;script&gt;" in text and "default-src &#39;none&#39;" in text
    assert {"#leakage", "#schema"} <= {attrs["href"] for tag, attrs in tags if tag == "a"}
    assert len(re.findall('<rect class="bar', text)) > 5
    komainu_("data", "check", "chats.jsonl", "--page", "again.html")
    assert Path("again.html").read_text(encoding="utf-8") == text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "messages",
                            "role",
                            "content",
                            "from",
                            "value",
                            "conversations",
                            "id",
                            "prompt",
                            "chosen",
                            "rejected",
                            "meta",
                            "user",
                            "assistant",
                        ]
                    ),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=8,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_every_object_is_a_row_or_a_problem(tmp_path: Path, values: list[Any]) -> None:
    file = tmp_path / "any.jsonl"
    file.write_text("\n".join(json.dumps(value) for value in values), encoding="utf-8")
    lines = [*read(str(file))]
    assert [line.at for line in lines] == [f"{file}:{n}" for n in range(1, len(values) + 1)]
    assert all((line.row is None) == bool(line.problem) for line in lines)
