from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from komainu.release.samples import LONGEST, chosen, marked, right, task
from komainu.rows import Chat, Message

EVIL = "<script>alert(1)</script>"


def chat(id: str, reply: str, **meta: object) -> Chat:
    values = {"lang": "ja", "references": ["猫です。"], "task": "questions", **meta}
    return Chat(id, (Message("user", "何ですか。"), Message("assistant", reply)), values)


def test_an_answer_is_right_when_it_is_a_reference() -> None:
    assert right(chat("a", " 猫です。\n")) is True
    assert right(chat("a", "<think>犬？</think>猫です。")) is True
    assert right(chat("a", "犬です。")) is False
    assert right(chat("a", "犬です。", references=[])) is None


def test_leaked_words_are_marked_where_they_are() -> None:
    html, leaks = marked(chat("a", "私はstationに行きます。"))
    assert leaks == 1
    assert html == '私は<mark title="leak: latin">station</mark>に行きます。'


def test_a_leak_behind_a_thought_is_marked_at_its_place() -> None:
    html, leaks = marked(chat("a", "<think>hm</think>私はstationに行く。"))
    assert leaks == 1 and html.startswith("&lt;think&gt;hm&lt;/think&gt;私は<mark") and ">station</mark>に" in html


def test_a_long_answer_is_cut_and_says_so() -> None:
    html, _ = marked(chat("a", "吾輩は猫である。" * 4000))
    assert "30,800 more characters" in html and len(html) < LONGEST + 200


def test_control_characters_and_turned_text_are_shown_as_signs() -> None:
    html, _ = marked(chat("a", "猫\u202e\x00です"))
    assert html == "猫\ufffd\ufffdです"


@given(st.text())
def test_no_answer_becomes_markup(reply: str) -> None:
    html, _ = marked(chat("a", EVIL + reply))
    bare = html.replace("</mark>", "").replace("</span>", "").replace('<span class="cut">', "")
    for kind in ("latin", "simplified", "chinese", "hangul", "kana", "kanji", "other"):
        bare = Markup(bare.replace(f'<mark title="leak: {kind}">', ""))
    assert "<" not in bare and ">" not in bare


def test_items_on_which_the_models_differ_come_first_one_of_each_kind() -> None:
    same = [(chat(f"same-{i}", "猫です。"), chat(f"same-{i}", "猫です。")) for i in range(9)]
    better = [(chat(f"up-{i}", "犬です。"), chat(f"up-{i}", "猫です。")) for i in range(9)]
    worse = (chat("down", "猫です。"), chat("down", "犬です。"))
    ids = [chats[0].id for chats in chosen([*same, *better, worse])]
    assert len(ids) == 3 and "down" in ids and sum(i.startswith("up") for i in ids) == 2
    assert ids == [chats[0].id for chats in chosen([worse, *better, *same])]


def test_a_task_counts_all_its_items() -> None:
    rows = [(chat(f"{i}", "猫です。" if i < 4 else "犬です。"), chat(f"{i}", "猫です。")) for i in range(10)]
    found = task("questions", rows, ("a", "b"))
    assert found.right == (("a", 4), ("b", 10)) and found.total == 10 and found.differing == 6
