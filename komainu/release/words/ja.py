"""A card in Japanese, in plain polite form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from komainu.release.numbers import one, p_value, signed
from komainu.release.words.base import Covered

if TYPE_CHECKING:
    from komainu.release.results import Decision

TEMPLATE = "card.ja.md.jinja"
SECTIONS: Mapping[str, str] = {
    "使い方": "sweep",
    "ほかのモデルとの比較": "standings",
    "学習": "training",
    "データ": "data",
    "この数値が示さないこと": "data",
}
COLON = "："
LANGUAGES = {"ja": "日本語", "en": "英語"}
TERMS = {
    "JA avg": "日本語平均",
    "EN avg": "英語平均",
    "Average": "平均",
    "Japanese average": "日本語の平均",
    "English average": "英語の平均",
    "average of Japanese and English": "日本語と英語の平均",
    "Licence": "ライセンス",
    "Model": "モデル",
    "Parameters": "パラメータ数",
    "Context (tokens)": "コンテキスト長（トークン）",
    "Benchmark": "ベンチマーク",
    "Task": "タスク",
    "Language": "言語",
    "Items": "問題数",
    "n": "n",
    "Missing": "欠測",
    "Judged by": "採点",
    "a rule": "規則",
    "All verdicts": "全判定の平均",
    "Mean of judges": "審査モデルの平均",
    "Each judge": "審査モデル別の平均",
    "Missing of each": "審査モデル別の欠測",
    "Score": "スコア",
    "Decision": "結論",
    "Difference": "差",
    "p (Holm)": "p（Holm補正後）",
    "Smallest detectable": "検出できる最小の差",
    "Group": "グループ",
    "Set": "データセット",
    "Source": "出典",
    "Rows": "行数",
    "Tokens": "トークン数",
    "Step": "処理",
    "Reason": "理由",
    "Sampling": "サンプリング設定",
    "Quality": "品質",
    "Leakage, %": "他言語の混入（%）",
    "Leakage against the lowest": "混入の最小値との比較",
    "better": "優れている",
    "worse": "劣っている",
    "not distinguishable": "有意差なし",
    "best": "最良",
    "withheld": "保留",
    "not stated": "記載なし",
    "yes": "はい",
    "no": "いいえ",
    "none": "なし",
    "rows": "行数",
    "steps": "ステップ数",
    "tokens seen": "学習したトークン数",
    "first loss": "最初の損失",
    "loss": "最後の損失",
    "judges": "審査モデル",
    "judged with": "審査時の設定",
    "read by": "判定の読み取り",
    "prompt": "プロンプト",
}
SAID = (  # what records hold in English; each matches the whole, the first that does is taken
    (r"withheld", "保留"),
    (r"withheld \(([-\d.]+) to ([-\d.]+)\)", r"保留（\1〜\2）"),
    (r"withheld \(([-\d.]+)\)", r"保留（\1）"),
    (r"(withheld|\*) (\d+) more", r"\1：ほかに\2件"),
    (
        r"withheld (.+), (.+): lacks ([\d.]+) % of its verdicts(?: \(missing: (.+)\))?",
        r"保留：\2の\1（判定の\3%が欠測。\4）",
    ),
    (
        r"\* (.+), (.+): accepted without ([\d.]+) % of its verdicts(?: \(missing: (.+)\))?",
        r"\* \2の\1（判定の\3%の欠測を許容。\4）",
    ),
    (
        r"(.+): not for (\d+) of (\d+): (\d+) of (\d+), without (.+)",
        r"\1：\3モデル中\2モデルは\5項目中\4項目だけのため示しません（不足：\6）",
    ),
    (
        r"(.+): not for (\d+) of (\d+): measured in several ways: (.+)",
        r"\1：\3モデル中\2モデルは測り方が複数あるため示しません（\4）",
    ),
    (r"(.+): not for (\d+) of (\d+): (.+)", r"\1：\3モデル中\2モデルは示しません（\4）"),
    (r"(.+): without (.+)", r"\1：\2を除いた平均"),
    (
        r"Group: models that share a letter are not told apart by their (.+) \(docs/board\.md\)",
        r"グループ：同じ文字を持つモデルは、\1では区別できません（docs/board.md）",
    ),
    (
        r"(.+) lacks ([\d.]+) % of its verdicts, more than ([\d.]+) %",
        r"\1の判定が\2%欠けており、上限の\3%を超えています",
    ),
    (r"accepted ((?:.+, )?[\d.]+ % missing of .+)", r"次の欠測を許容しています（\1）"),
    (
        r"the best quality \(([\d.]+)\) of the (\d+) of (\d+) settings whose leakage is not distinguishable from the "
        r"lowest \(([\d.]+) %\)",
        r"\3通りの設定のうち、他言語の混入が最小値（\4%）と有意差のない\2通りの中で、品質が最も高い設定です（\1）",
    ),
    (
        r"(.+) asks that what is adapted from it stays under its terms; whether weights are, is not settled",
        r"\1は、翻案物にも同じ条件を求めています。モデルの重みが翻案物に当たるかどうかは定まっていません",
    ),
    (
        r"(.+) asks that its source is named, as the table of the sets does",
        r"\1は出典の表示を求めています。出典はデータの表にあります",
    ),
    (
        r"data under (.+) brings the Gemma Terms of Use with it",
        r"\1のデータには、Gemmaの利用規約（Gemma Terms of Use）が付随します",
    ),
    (
        r"data under (.+) brings the terms of the Llama (.+) licence with it",
        r"\1のデータには、Llama \2のライセンス条件が付随します",
    ),
)


def term(text: str) -> str:
    return TERMS[text]


def said(text: str) -> str:
    """What is not known here stays in English."""
    for pattern, told in SAID:
        if found := re.fullmatch(pattern, text):
            return re.sub(r"([\d.]+) % missing of ", r"\1%：", found.expand(told))
    return text


def level(text: str) -> str:
    return f"{text.replace(' ', '')}信頼区間"


def bounded(known: Sequence[str]) -> str:
    return f"保留（{'〜'.join(known)}）" if known else "保留"


def because(why: str) -> str:
    return f"保留：{said(why)}"


def verdict(d: Decision, level: str) -> str:
    if d.word is None or d.difference is None or d.low is None or d.high is None:
        why = said(d.withheld) if d.withheld else "比較できるものがありませんでした"
        return f"{d.second}と{d.first}の比較には結論がありません。{why}。"
    p = p_value(d.p)
    told = f"{level} {signed(d.low)}〜{signed(d.high)}、Holm補正後のp {p if p.startswith('<') else f'= {p}'}"
    if d.word == "not distinguishable":
        return f"{d.second}と{d.first}の間に有意な差は認められません（差 {d.change}、{told}）。"
    points = f"{one(abs(d.difference))}ポイント"
    return (
        f"{d.second}は{d.first}より{points}{ {'better': '優れています', 'worse': '劣っています'}[d.word] }（{told}）。"
    )


def place(bench: str, judge: str, won: str, flipped: str) -> str:
    return (
        f"{bench}：{judge}が勝ちとした回答の{won}%は、先に示されたものでした（偏りがなければ50%）。順序を入れ替えると、"
        f"{flipped}%の組で勝者が変わりました。どちらの順序も同じ重みで数えています。"
    )


def limits(c: Covered) -> Iterator[str]:
    fewest, most = c.items
    items = f"{fewest:,}" if fewest == most else f"{fewest:,}〜{most:,}"
    yield (
        f"各ベンチマークの問題数は{items}問です。信頼区間は、同じ種類の別の問題を使ったときにスコアがどれだけ動きうるかを"
        "示します。別のシードで学習し直したときにどれだけ動くかは示しません。"
    )
    if c.shared:
        yield (
            f"評価の問題と学習データに、同じ出典（{'、'.join(c.shared)}）のものがあります。スコアはその出典から学んだことを"
            "示すもので、ほかの文章での性能を示すものではありません。"
        )
    names = "と".join(LANGUAGES[language] for language in c.languages)
    yield f"測定したのは上のベンチマークだけで、言語は{names}です。ほかのタスクや言語については何もわかっていません。"
    if c.judged:
        yield "審査モデルの記載がないものは規則で採点しました。規則が想定していない答えは誤りとして数えられます。"
        yield "審査モデルの評点はそのモデルの判断です。別の審査モデルを使えば、別の評点になります。"
    else:
        yield "採点はすべて規則によるものです。正しい答えでも、規則が想定していなければ誤りとして数えられます。"
    yield from (f"ライセンスについて：{said(told)}。" for told in c.told)
    yield from (f"{each}のデータで学習しています。公開者が公開してよいことを確認しました。" for each in c.cleared)
    yield from c.notes
    yield "「有意差なし」は、同じという意味ではありません。検出できる最小の差より小さな差は見つけられません。"
    yield "安全性のための学習も、安全性の測定も行っていません。"
