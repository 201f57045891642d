"""Two hundred broken files, made from a seed: what people download, cut, convert and paste together."""

from __future__ import annotations

import gzip
import io
import json
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

Json = dict[str, Any]
SEED, FILES = 8, 200


class Bad(NamedTuple):
    """A file; `objects`: how many it holds, broken ones too; `good`: how many rows. None where that cannot be known."""

    what: str
    name: str
    data: bytes
    objects: int | None
    good: int | None = None


def row(i: int, **more: Any) -> Json:
    turns = [{"from": "human", "value": f"問い{i} \u2028 é"}, {"from": "gpt", "value": f"答え{i}"}]
    return {"conversations": turns, **more}


def line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def turns(*pairs: tuple[Any, Any]) -> Json:
    return {"conversations": [{"from": role, "value": text} for role, text in pairs]}


H, G = ("human", "q"), ("gpt", "a")
LINES: dict[str, bytes] = {  # one line among good ones that is no good row
    "bad UTF-8": b'{"conversations": [{"from": "human", "value": "\xff\xfe"}]}',
    "overlong UTF-8": b'{"x": "\xc0\xaf"}',
    "cut in a character": line(row(1))[:48],
    "encoded surrogate": b'{"x": "\xed\xa0\x80"}',
    "lone surrogate": b'{"conversations": [{"from": "human", "value": "\\ud800"}, {"from": "gpt", "value": "x"}]}',
    "half a pair": b'{"conversations": [{"from": "human", "value": "\\ud83dx"}]}',
    "NUL": b'{"x": "\x00"}',
    "a tab in a string": b'{"x": "a\tb"}',
    "only NULs": b"\x00" * 40,
    "gigantic number": b'{"conversations": [], "n": 1e999}',
    "gigantic integer": b'{"conversations": [], "n": ' + b"9" * 5000 + b"}",
    "NaN": b'{"conversations": [], "n": NaN}',
    "Infinity": b'{"conversations": [], "n": -Infinity}',
    "deep arrays": b'{"conversations": ' + b"[" * 3000 + b"]" * 3000 + b"}",
    "deep objects": b'{"a":' * 2500 + b"1" + b"}" * 2500,
    "an id twice": b'{"id": 1, ' + line(row(1))[1:-1] + b', "id": 2}',
    "a text twice": line(row(1)).replace(b'"value": ', b'"value": "x", "value": ', 1),
    "a key twice": b'{"conversations": [], "id": 1, "id": 2}',
    "turns twice": line(row(1))[:-1] + b', "conversations": []}',
    "a role twice": b'{"conversations": [{"from": "human", "from": "gpt", "value": "x"}]}',
    "a key twice, escaped": b'{"conversations": [], "\\u0069d": 1, "id": 2}',
    "single quotes": b"{'conversations': []}",
    "Python None": b'{"conversations": None}',
    "trailing comma": b'{"conversations": [],}',
    "a comment": b'// {"conversations": []}',
    "two objects": line(row(1)) + line(row(2)),
    "a comma after": line(row(1)) + b",",
    "cut": line(row(1))[:30],
    "null": b"null",
    "an array": b"[1, 2]",
    "a text": b'"hello"',
    "a number": b"17",
    "empty object": b"{}",
    "other keys": b'{"text": "hello"}',
    "CSV": b"instruction,output\n".rstrip(),
    "HTML": b"<!DOCTYPE html><html><head><title>404</title></head></html>",
    "git LFS": b"version https://git-lfs.github.com/spec/v1",
    "merge conflict": b"<<<<<<< HEAD",
    "turns are null": line({"conversations": None}),
    "turns are a text": line({"conversations": "hello"}),
    "turns are JSON in a text": line({"conversations": json.dumps([dict([H])])}),
    "a turn is a text": line({"conversations": ["q", "a"]}),
    "a turn is null": line({"conversations": [None]}),
    "role is null": line(turns((None, "q"), G)),
    "role is a number": line(turns((1, "q"), G)),
    "unknown role": line(turns(("narrator", "q"), G)),
    "role in capitals": line(turns(("Human", "q"), G)),
    "text is a number": line(turns(("human", 3), G)),
    "text is null": line(turns(("human", None), G)),
    "text is an object": line(turns(("human", {"a": 1}), G)),
    "an image": line(turns(("human", [{"type": "image", "url": "x"}]), G)),
    "no text": line({"conversations": [{"from": "human"}, {"from": "gpt", "value": "a"}]}),
    "empty question": line(turns(("human", ""), G)),
    "empty answer": line(turns(H, ("gpt", " \n"))),
    "no turns": line(turns()),
    "starts with the assistant": line(turns(G, H, G)),
    "two questions": line(turns(H, H, G)),
    "two answers": line(turns(H, G, G)),
    "no answer": line(turns(H)),
    "system in the middle": line(turns(H, ("system", "s"), G)),
    "only a system turn": line(turns(("system", "s"))),
    "another layout": line({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}),
    "alpaca": line({"instruction": "q", "input": "", "output": "a"}),
    "role keys": line({"conversations": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}),
    "a pair": line({"prompt": "q", "chosen": "a", "rejected": "b"}),
    "meta of a wrong type": line({**row(1), "meta": {"references": "x"}}),
    "meta of no language": line({**row(1), "meta": {"lang": "zz"}}),
    "export column": line({**row(1), "komainu": "{"}),
    "export column, wrong": line({**row(1), "komainu": '{"turns": {"x": {}}}'}),
    "export column, a list": line({**row(1), "komainu": "[]"}),
    "our row, broken": b'{"type": "Chat", "id": "a", "messages": [{"role": "boss", "content": ""}]}',
}
HARMLESS: dict[str, bytes] = {  # one line that looks odd and is read
    "U+2028 and U+0085": line(row(1, note="\u2028\u2029\x85\x0b\x0c")),
    "escaped NUL": line(row(1, note="\x00")),
    "a big integer": line(row(1, n=10**30)),
    "escaped quotes": b'{"note": "\\u0022", ' + line(row(1))[1:],
    "odd ids": line(row(1, id={"a": [1]})),
    "spaces around": b"  \t" + line(row(1)) + b" \r",
    "nested extras": line(row(1, a={"b": [{"c": None}] * 9})),
}


def of_lines(rng: random.Random) -> Iterator[Bad]:
    """A broken line at any place of a file of good ones, in any format of lines."""
    forms: list[tuple[str, Callable[[bytes], bytes]]] = [(".jsonl", bytes), (".jsonl.zst", zstandard.compress)]
    for harmless, lines in ((0, LINES), (1, HARMLESS)):
        for what, text in lines.items():
            good = [line(row(i)) for i in range(rng.randint(1, 6))]
            at = rng.randint(1, len(good))
            suffix, packed = rng.choice(forms)
            end = rng.choice([b"\n", b"\r\n", b"\n\n"])
            data = end.join([*good[:at], text, *good[at:]]) + rng.choice([b"", end])
            yield Bad(what, f"x{suffix}", packed(data), len(good) + 1, len(good) + harmless)


def of_arrays(rng: random.Random) -> Iterator[Bad]:
    good = [row(i) for i in range(5)]
    text = json.dumps(good, ensure_ascii=False, indent=1).encode()
    for at in sorted(rng.sample(range(2, len(text) - 1), 12)):
        yield Bad(f"array cut at {at}", "x.json", text[:at], None)
    wrong = {"two arrays": text + text, "comma first": b"[," + text[1:], "comma last": text[:-1].rstrip() + b",]"}
    wrong |= {"bracket": text[:-1] + b"}", "nothing": b"[]", "quote": text.replace(b'"', b"", 1)}
    wrong |= {"a lone bracket": b"[", "an object of arrays": json.dumps({"train": good}).encode()}
    for what, data in wrong.items():
        yield Bad(what, "x.json", data, None)
    yield Bad("a number among objects", "x.json", json.dumps([*good, 7]).encode(), 6, 5)


def of_bytes(rng: random.Random) -> Iterator[Bad]:
    """Whole files that are not what their names say, or are cut."""
    lines = b"\n".join(line(row(i)) for i in range(40)) + b"\n"
    packed = zstandard.compress(lines)
    for at in sorted(rng.sample(range(1, len(packed) - 1), 14)):
        yield Bad(f"frame cut at {at}", "x.jsonl.zst", packed[:at], None)
    for at in sorted(rng.sample(range(5, len(packed) - 5), 12)):
        yield Bad(f"bit at {at}", "x.jsonl.zst", packed[:at] + bytes([packed[at] ^ 64]) + packed[at + 1 :], None)
    yield Bad("two frames, one cut", "x.jsonl.zst", packed + packed[:-9], None)
    yield Bad("frame and rubbish", "x.jsonl.zst", packed + b"rubbish", None)
    yield Bad("gzip", "x.jsonl.zst", gzip.compress(lines, mtime=0), None)
    yield Bad("gzip", "x.jsonl", gzip.compress(lines, mtime=0), None)
    yield Bad("zstd", "x.jsonl", packed, None)
    yield Bad("UTF-16", "x.jsonl", lines.decode().encode("utf-16"), None)
    yield Bad("a byte order mark", "x.jsonl", b"\xef\xbb\xbf" + lines, 40, 40)
    yield Bad("two byte order marks", "x.jsonl", b"\xef\xbb\xbf\xef\xbb\xbf" + lines, 40, 39)
    yield Bad("Mac line ends", "x.jsonl", lines.replace(b"\n", b"\r"), 1, 0)
    for name in ("x.jsonl", "x.jsonl.zst", "x.json", "x.parquet", "x.arrow"):
        yield Bad("empty", name, b"", None)
        yield Bad("noise", name, rng.randbytes(300), None)
    for name in ("x.json", "x.parquet", "x.arrow"):
        yield Bad("HTML", name, LINES["HTML"], None)


def of_tables(rng: random.Random) -> Iterator[Bad]:
    good = [{"id": str(i), **row(i)} for i in range(300)]
    table = pa.Table.from_pylist(good)
    for suffix, write in ((".parquet", parquet), (".arrow", stream), (".arrow", file)):
        data, name = write(table), f"x{suffix}"
        for at in sorted(rng.sample(range(4, len(data) - 1), 7)):
            yield Bad(f"{write.__name__} cut at {at}", name, data[:at], None)
        for at in sorted(rng.sample(range(4, len(data) - 4), 7)):
            yield Bad(f"{write.__name__} byte at {at}", name, data[:at] + b"\xff" + data[at + 1 :], None)
        plain, floats = table.slice(0, 9), pa.array([1.0] * 8 + [float("nan")])
        yield Bad("NaN", name, write(plain.append_column("score", floats)), 9, 8)
        yield Bad("a column twice", name, write(plain.append_column("id", pa.array(["x"] * 9))), None)
        yield Bad("other columns", name, write(pa.table({"text": ["a", "b"]})), 2, 0)
        yield Bad("no columns", name, write(pa.table({})), None)
        yield Bad("no rows", name, write(plain.slice(0, 0)), None)
        short = pa.array([None] + [[{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]] * 3)
        yield Bad("a null for turns", name, write(pa.table({"conversations": short})), 4, 3)
        wide = pa.array([10**18 + 1], pa.timestamp("ns"))
        yield Bad("nanoseconds", name, write(plain.slice(0, 1).append_column("t", wide)), 1)
        bad = pa.Array.from_buffers(
            pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")]
        )
        yield Bad("a text that is not UTF-8", name, write(plain.slice(0, 1).append_column("bad", bad)), None)


def parquet(table: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd", row_group_size=100)
    return out.getvalue()


def stream(table: Any) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    return out.getvalue()


def file(table: Any) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    return out.getvalue()


def corpus() -> list[Bad]:
    rng = random.Random(SEED)
    every = [bad for make in (of_lines, of_arrays, of_bytes, of_tables) for bad in make(rng)]
    assert len(every) >= FILES, f"only {len(every)} broken files"
    return every
