"""Answers to multiple-choice questions, with the option each chooses; "" where it chooses none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

OPTIONS = {
    "cities": ("Paris", "London", "Rome", "Berlin"),
    "bool": ("No", "Yes"),
    "numbers": ("12", "28", "27", "30"),
    "cells": ("mitochondria", "nucleus", "ribosome", "None of the above"),
    "labelled": ("(A)Uneasy", "(B)Vegemite", "(C)Wellspring", "(D)Bent"),
    "ten": ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    "japanese": ("東京", "大阪", "京都", "奈良"),
    "blood": ("B", "A", "O", "AB"),
    "germs": ("yeast", "influenza", "amoeba", "malaria", "E. coli"),
    "microbes": ("E. coli", "yeast", "influenza", "amoeba", "prion"),
    "twins": ("red", "blue", "red", "green"),
    "passage": (
        "the passage praises the king",
        "the passage mocks the king",
        "the king is absent",
        "the passage is about trade",
    ),
    "long": (
        "The rate of return is fixed.",
        "The rate of return is fixed. It is paid yearly.",
        "The owner bears the risk.",
        "The lender bears the risk.",
    ),
}


class Case(NamedTuple):
    answer: str
    letter: str
    options: tuple[str, ...]


def read() -> list[Case]:
    lines = Path(__file__).with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [Case(row["answer"], row["letter"], OPTIONS[row["options"]]) for row in rows]


CASES = read()
