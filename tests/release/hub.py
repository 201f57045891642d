"""A hub of a few lines: one repository of a set or a model that can be made, listed and committed to, over HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LARGE = (".parquet", ".safetensors", "tokenizer.json")  # what is stored apart


class Hub:
    """What it has been sent: files by path, the tokens, the repositories that were made."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.blobs: dict[str, bytes] = {}  # large files, by their SHA-256
        self.tokens: set[str] = set()
        self.made: list[dict[str, Any]] = []
        self.commits: list[str] = []
        self.sent: list[str] = []  # the SHA-256 of each large file that was taken, every time
        self.refuses = 0  # status of commits, when it is to refuse them
        self.closed = 0  # the same of looking at what is there
        self.stalls = ""  # the SHA-256 of a large file that is never taken
        self.stalled, self.ended = threading.Event(), threading.Event()
        self.url = ""

    def commit(self, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                self.commits.append(value["summary"])
            elif line["key"] == "file":
                self.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                self.files[value["path"]] = self.blobs[value["oid"]]
            elif line["key"] == "deletedFile":
                del self.files[value["path"]]

    def entry(self, name: str) -> dict[str, Any]:
        """A file as the tree of a repository lists it."""
        data = self.files[name]
        found = {"type": "file", "path": name, "size": len(data)}
        found["oid"] = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        large = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}
        return {**found, "lfs": large} if name.endswith(LARGE) else found

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        if path.endswith("/repos/create"):
            self.made.append(json.loads(body))
            return 200, {"url": f"{self.url}/datasets/owner/set"}
        if "/preupload/" in path:
            wanted = json.loads(body)["files"]
            modes = {f["path"]: "lfs" if f["path"].endswith(LARGE) else "regular" for f in wanted}
            return 200, {"files": [{"path": p, "uploadMode": m, "shouldIgnore": False} for p, m in modes.items()]}
        if path.endswith("/info/lfs/objects/batch"):
            wanted = json.loads(body)["objects"]
            objects = [
                o if o["oid"] in self.blobs else {**o, "actions": {"upload": {"href": f"{self.url}/lfs/{o['oid']}"}}}
                for o in wanted
            ]
            return 200, {"transfer": "basic", "objects": objects}
        if path.startswith("/lfs/"):
            name = path.removeprefix("/lfs/")
            if name == self.stalls:
                self.stalled.set()
                self.ended.wait()
                return 500, {}
            self.sent.append(name)
            self.blobs[name] = body
            return 200, {}
        if "/commit/" in path:
            if self.refuses:
                return self.refuses, {"error": f"not by {sorted(self.tokens)}"}
            self.commit([json.loads(line) for line in body.splitlines()])
            return 200, {"commitOid": "c" * 40, "commitUrl": f"{self.url}/datasets/owner/set/commit/{'c' * 40}"}
        if "/tree/" in path:
            if self.closed:
                return self.closed, {"error": f"not for {sorted(self.tokens)}"}
            if not self.made and not self.files:
                return 404, {"error": "Repository not found"}
            return 200, [self.entry(name) for name in self.files]
        return 200, {"errors": [], "warnings": []} if path.endswith("validate-yaml") else {}


@contextmanager
def served() -> Iterator[Hub]:
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hub.tokens.add(self.headers.get("Authorization", ""))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, found = hub.answer(self.path.partition("?")[0], body)
            text = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if status == 404:
                self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_PUT = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
