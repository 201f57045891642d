from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from komainu.errors import UsageError
from komainu.release.training import read_run
from komainu.stage import wiring
from tests.release.conftest import Built
from tests.release.world import Family, Found, build, context, with_board

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"
VOID = {"meta", "link", "br", "img", "input", "hr"}


def report_of(built: Built, **changed: Any) -> str:
    return (build(built.family.report(**changed), built.ctx) / "report.html").read_text(encoding="utf-8")


class Page(HTMLParser):
    """Ids, links, tags and attributes of a page; fails on tags that do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self.ids += [found["id"] or ""] if "id" in found else []
        self.links += [found["href"] or ""] if "href" in found else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_stands_alone(built: Built) -> None:
    page = Page(built.html)
    assert len(page.ids) == len(set(page.ids))
    assert {link[0] for link in page.links} == {"#"}
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert not any(key in found for _, found in page.tags for key in ("src", "style", "onclick", "onerror"))
    assert "http://" not in built.html.replace("http-equiv", "") and "https://" not in built.html


def test_only_the_pages_own_style_and_script_may_run(built: Built) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', built.html)
    assert policy is not None
    said = policy[1].replace("&#39;", "'")
    assert said.startswith("default-src 'none'") and "unsafe" not in said
    for name in ("style", "script"):
        (text,) = re.findall(rf"<{name}>(.*?)</{name}>", built.html, re.DOTALL)
        assert f"{name}-src 'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in said


def test_the_first_lines_say_what_happened(built: Built) -> None:
    means = [f"{line['avg']['mean']:.1f}" for line in built.board["headline"]]
    assert f"base {means[0]} → SFT {means[1]} → DPO {means[2]}" in built.html.split("</title>")[0]
    decisions = [d for d in built.board["headline_decisions"] if d["part"] == "avg"]
    assert len(decisions) == 3
    top = built.html.split("<nav")[0]
    for d in decisions:
        verb = "is not distinguishable from" if d["word"].startswith("not") else f"is {d['word']} than"
        assert f"{d['to']} {verb} {d['from']}" in top


def test_a_changed_number_changes_the_page(built: Built) -> None:
    found = copy.deepcopy(built.board)
    row = next(r for r in found["rows"] if r["entry"] == "DPO" and r["bench"] == "leakage" and r["language"] == "en")
    row |= {"mean": 0.3333, "low": 0.2222, "high": 0.4444}
    found["decisions"][0] |= {"difference": 0.1717, "low": 0.0101, "high": 0.2929, "withheld": ""}
    html = report_of(built, board=with_board(found))
    assert "33.3 [22.2, 44.4]" in html and "+17.2 [+1.0, +29.3]" in html
    assert "33.3 [22.2" not in built.html


def test_a_number_leads_to_where_it_comes_from(built: Built) -> None:
    for row in built.board["rows"]:
        anchor = row["scores"].replace("/", "-")
        assert f'href="#{anchor}"' in built.html and f'id="{anchor}"' in built.html


def test_a_withheld_average_is_shown_with_its_bounds(built: Built) -> None:
    found = copy.deepcopy(built.board)
    why = "exact (ja) lacks 3.0 % of its verdicts, more than 0.5 %"
    bounds = {"mean": None, "low": None, "high": None, "withheld": why, "worst": 80.12, "best": 83.12}
    found["headline"][-1] |= {"ja": bounds, "avg": bounds}
    html = report_of(built, board=with_board(found))
    assert "DPO <b>withheld (80.1 to 83.1)</b>" in html and f"withheld, because {why}" in html
    assert html.count('class="bounds s2"') == 2


def test_what_models_and_rows_say_is_text(tmp_path: Path) -> None:
    family, ctx = Family(n=20), context(tmp_path, {"SFT": EVIL, "teacher": EVIL + "駅はstationです。"})
    html = (build(family.report(), ctx) / "report.html").read_text(encoding="utf-8")
    Page(html)
    assert "<script>alert" not in html and "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_names_of_a_board_and_a_table_are_text(built: Built) -> None:
    found = json.loads(json.dumps(built.board).replace('"base"', json.dumps(EVIL)))
    rows = [{"check": EVIL, "fault": EVIL, "precision": 0.5, "recall": None, "tp": 1, "fp": 1, "fn": 0}]
    faults = Found(file="faults.json", text=json.dumps({"rows": rows}))
    html = report_of(built, board=with_board(found), faults=faults)
    Page(html)
    assert "<img" not in html and html.count("<script>") == 1


def test_long_japanese_text_is_shown_and_cut(tmp_path: Path) -> None:
    long = "寿限無寿限無五劫の擦り切れ海砂利水魚の水行末雲来末風来末。" * 900
    family, ctx = Family(n=10), context(tmp_path, {"DPO": long})
    html = (build(family.report(), ctx) / "report.html").read_text(encoding="utf-8")
    assert long[:1000] in html and long[:1300] not in html and "more characters" in html
    assert '<p class="said" lang="ja">寿限無' in html


def test_dropped_rows_can_be_looked_at(built: Built) -> None:
    data = built.html.split('id="data"')[1].split('id="checks"')[0]
    artifact = built.ctx.store.find(built.family.data)
    assert artifact is not None
    for reason, n in artifact.summary["dropped"]["Filter"].items():
        assert f"<span>Filter: {reason}</span>" in data and f"{n} dropped" in data
    assert "leakage: " in data and "the teacher's own label: leak" in data


def test_curves_are_over_steps_and_tokens_never_seconds(built: Built) -> None:
    run = read_run(built.ctx.open(built.family.training[-1]))
    assert run is not None
    assert [c.key for c in run.curves] == ["loss", "accuracy", "margin", "grad_norm", "lr"]
    assert "487.1k tokens" in built.html
    assert "tokens_per_s" not in built.html and "second" not in built.html.split("</style>")[1]


def test_a_stage_without_metrics_has_no_curve_and_damaged_ones_are_named(tmp_path: Path) -> None:
    family, ctx = Family(n=10), context(tmp_path)
    base, _, dpo = (build(stage, ctx) for stage in family.training)
    (base / "metrics.jsonl").unlink()
    html = (build(family.report(), ctx) / "report.html").read_text(encoding="utf-8")
    assert "<b>Base</b>" not in html.split('id="training"')[1].split('id="data"')[0]
    (dpo / "metrics.jsonl").write_text('{"step": 0')
    with pytest.raises(UsageError, match=r"metrics\.jsonl of dpo/"):
        read_run(ctx.open(family.training[-1]))


def test_a_report_of_a_card_and_a_board_alone_has_no_empty_sections(built: Built) -> None:
    html = report_of(built, training=(), datasets=(), samples=(), sweep=None, faults=None)
    Page(html)
    for section in ("answers", "training", "data", "checks", "sampling"):
        assert f'id="{section}"' not in html and f'href="#{section}"' not in html


def test_answers_to_other_items_are_refused(built: Built) -> None:
    other = Family(n=12).answers()[0]
    report = built.family.report(samples=(*built.family.answers(), other))
    assert any("different items" in text for stage, text in wiring(report) if stage is report)


def test_a_table_without_faults_is_named(built: Built) -> None:
    with pytest.raises(UsageError, match=r"has no faults\.json"):
        report_of(built, faults=Found(file="other.json", text="{}"))


def test_every_language_of_a_text_is_said(built: Built) -> None:
    answers = built.html.split('id="answers"')[1].split('id="training"')[0]
    assert '<p class="said" lang="ja">' in answers and '<p class="said" lang="en">' in answers
    assert built.html.startswith('<!doctype html>\n<html lang="en">')
