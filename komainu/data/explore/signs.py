"""Bits for what follows each other in a row: they tell which of many rows cannot have a text.

A text of frequent words has no rare trigram, so an index of trigrams leaves too many rows to be looked at. There is a
bit for each six characters. Frequent words have these in common too, so what stands around a space, and a word with
what stands before and behind it, have several.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, HALF = 6, 4  # characters of what a bit stands for; of what the others are made of
SIDE, BESIDE = 3, 2  # characters on either side of a space, and of a word
AROUND, ACROSS = 3, 2  # bits for what stands around a space, and for a word
MOST = 128  # bits of a text that are asked for, at most
FACTORS = tuple(map(np.uint32, (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D)))
LEAST, LARGEST = 6, 24  # logarithm of a row's bits
Bytes = NDArray[np.uint8]
Marks = NDArray[np.uint32]


def mixed(text: str) -> Marks:
    """32 bits for each bit of a text."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    if len(codes) < WIDTH:
        return np.zeros(0, np.uint32)
    pairs = joined(codes[:-1], codes[1:], FACTORS[0])
    fours = joined(pairs[:-2], pairs[2:], FACTORS[1])
    spaces = np.flatnonzero(codes == ord(" "))
    starts = within(spaces, SIDE, len(codes)) - SIDE
    around = joined(fours[starts], fours[starts + 2 * SIDE + 1 - HALF], FACTORS[2])
    inner = within(spaces, BESIDE, len(codes))
    before, after = inner[:-1], inner[1:]
    ends = fours[after + BESIDE + 1 - HALF] + (after - before).astype(np.uint32)
    across = joined(fours[before - BESIDE], ends, FACTORS[1])
    several = [*(around * factor for factor in FACTORS[:AROUND]), *(across * factor for factor in FACTORS[:ACROSS])]
    return np.concatenate([*several, joined(fours[:-2], fours[2:], FACTORS[2])])


def joined(before: Marks, after: Marks, factor: np.uint32) -> Marks:
    found = before * factor
    found += after
    found ^= found >> np.uint32(15)
    return found


def within(places: NDArray[np.intp], side: int, length: int) -> NDArray[np.intp]:
    """The places with `side` characters of a text before and behind them."""
    first, end = places.searchsorted((side, length - side)).tolist()
    return places[first:end]


def salts(numbers: NDArray[Any]) -> Marks:
    """An odd number for each row, so that two pieces of text that share a bit in one row seldom do in others."""
    return numbers.astype(np.uint32) * FACTORS[0] << np.uint32(1) | np.uint32(1)


def signed(text: str, number: int) -> Bytes:
    """The bits of the text of a row: as many as it has characters up to twice as many."""
    size = min(max((len(text) - WIDTH + 1).bit_length(), LEAST), LARGEST)
    bits = np.zeros(1 << size, np.bool_)
    marks = mixed(text)
    marks *= salts(np.array([number]))
    marks >>= np.uint32(32 - size)
    bits[marks] = True
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
        at = mark * salts(numbers) >> (np.uint32(32) - sizes[numbers])
        numbers = numbers[(held[starts[numbers] + (at >> 3)] >> (at & 7).astype(np.uint8)) & 1 == 1]
    return numbers
