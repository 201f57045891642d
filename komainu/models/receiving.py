"""The server's side of the OpenAI protocol: reading what is asked, refusing what cannot be done."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from komainu.errors import UsageError
from komainu.rows import Message

ROLES = ("system", "user", "assistant")


@web.middleware
async def clear_errors(request: web.Request, handler: Any) -> web.StreamResponse:
    """Bad requests, unknown paths and wrong methods as the protocol's error object."""
    try:
        response: web.StreamResponse = await handler(request)
        return response
    except UsageError as problem:
        return refusal(str(problem), 400)
    except web.HTTPException as problem:
        if problem.status < 400:
            raise
        return refusal(f"{request.method} {request.path}: {problem.reason}", problem.status)


def refusal(message: str, status: int) -> web.Response:
    kind = "invalid_request_error"
    return web.json_response({"error": {"message": message, "type": kind, "code": status}}, status=status)


async def health(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


async def body_of(request: web.Request) -> dict[str, Any]:
    """The request's JSON object."""
    try:
        asked = json.loads(await request.text())
    except ValueError as problem:
        raise UsageError(f"the body is not JSON: {problem}; send a JSON object") from None
    if not isinstance(asked, dict):
        raise UsageError(f"the body must be a JSON object, not {type(asked).__name__}")
    return asked


def whole(asked: dict[str, Any], key: str, least: int | None = 1) -> int | None:
    value = asked.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or (least is not None and value < least):
        raise UsageError(f"{key} must be a whole number{'' if least is None else f' from {least}'}, not {value!r}")
    return value


def messages_of(given: Any) -> tuple[Message, ...]:
    """The request's messages; content may be a string or a list of text parts."""
    if not isinstance(given, list) or not given:
        raise UsageError("messages must be a list with at least one message")
    return tuple(message_of(m, f"messages[{i}]") for i, m in enumerate(given))


def message_of(given: Any, at: str) -> Message:
    if not isinstance(given, dict):
        raise UsageError(f"{at} must be an object with role and content, not {given!r}")
    role, content = given.get("role"), given.get("content")
    if role not in ROLES:
        raise UsageError(f"{at}.role must be one of {', '.join(ROLES)}, not {role!r}")
    if isinstance(content, list):
        if not all(isinstance(p, dict) and isinstance(p.get("text"), str) for p in content):
            raise UsageError(f"{at}.content may only hold text parts: {{'type': 'text', 'text': ...}}")
        content = "".join(p["text"] for p in content)
    if not isinstance(content, str):
        raise UsageError(f"{at}.content must be a string, not {content!r}")
    return Message(role, content)
