"""A bit for each eight characters of a row: tells which of many rows cannot have a long text.

A long text of frequent words has no rare trigram, so an index of trigrams leaves too many rows to be looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH = 8  # characters of what a bit stands for
MOST = 128  # bits of a text that are asked for, at most
FACTORS = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D)
LEAST, LARGEST = 6, 24  # logarithm of a row's bits
Bytes = NDArray[np.uint8]


def mixed(text: str) -> NDArray[np.uint32]:
    """32 bits for each WIDTH characters that follow each other."""
    found = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    if len(found) < WIDTH:
        return np.zeros(0, np.uint32)
    for step, factor in enumerate(FACTORS):  # of one character, of two, of four
        found = found[: -(1 << step)] * np.uint32(factor) + found[1 << step :]
        found ^= found >> np.uint32(15)
    return found * np.uint32(FACTORS[0])


def signed(text: str) -> Bytes:
    """The bits of a text, about as many as it has characters up to twice as many; none for a short one."""
    marks = mixed(text)
    size = min(max(len(marks).bit_length(), LEAST), LARGEST)
    bits = np.zeros(1 << size, np.bool_)
    bits[marks >> np.uint32(32 - size)] = True
    return np.packbits(bits, bitorder="little")


def write(path: Path, bits: Iterable[Bytes]) -> None:
    """Write the bits of rows that follow each other: the logarithm of how many each has, then they themselves."""
    held = list(bits)
    sizes = np.array([len(each).bit_length() + 2 for each in held], np.uint8)
    with open(path, "wb") as out:
        np.save(out, np.concatenate([sizes, *held]))
        out.flush()
        os.fsync(out.fileno())


def passing(path: Path, rows: int, numbers: NDArray[Any], text: str) -> NDArray[Any]:
    """Those of the numbers (from 0, of `rows` rows in a file) whose rows may have a text."""
    marks = mixed(text)
    if not len(marks) or not len(numbers):
        return numbers
    held: Bytes = np.load(path, mmap_mode="r")
    sizes = held[:rows].astype(np.uint32)
    starts = rows + np.cumsum(np.left_shift(np.int64(1), sizes - 3)) - np.left_shift(np.int64(1), sizes - 3)
    for mark in marks[:: -(-len(marks) // MOST)]:
        at = mark >> (np.uint32(32) - sizes[numbers])
        numbers = numbers[(held[starts[numbers] + (at >> 3)] >> (at & 7).astype(np.uint8)) & 1 == 1]
    return numbers
