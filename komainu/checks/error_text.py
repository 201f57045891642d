"""ErrorText: a message of the machinery that stands where an answer should be."""

from __future__ import annotations

import re
from dataclasses import dataclass

from komainu.checks.base import Check, shown
from komainu.rows import Chat

_WHOLE = re.compile(r"(?:null|none|nan|undefined|n/a|\[object Object\]|\{\}|\[\])", re.I)
_OPENING = re.compile(
    r"(?:API|HTTP|OpenAI|Anthropic|Connection|Request|Server|Inference|Generation)?\s*(?:error|exception)\b\s*[:：(\[]"
    r"|(?:APIエラー|通信エラー|サーバーエラー|エラーが発生しました)"
    r"|(?:\w+\.)*(?:APIError|APIConnectionError|APIStatusError|APITimeoutError|RateLimitError|BadRequestError|"
    r"InternalServerError|ServiceUnavailableError|AuthenticationError|ReadTimeout|ConnectTimeout|ConnectionError|"
    r"JSONDecodeError|OutOfMemoryError)\b"
    r"|Traceback \(most recent call last\)"
    r"|\{\s*\"(?:error|detail)\"\s*:"
    r"|(?:<!DOCTYPE html>|<html)[\s\S]{0,400}\b(?:4\d\d|5\d\d)\b"
    r"|(?:Error code|HTTP(?:/\d\.\d)?(?: status)?|Status(?: code)?):?\s*[45]\d\d\b"
    r"|[45]\d\d (?:Bad Request|Unauthorized|Forbidden|Not Found|Too Many Requests|Internal Server Error|Bad Gateway|"
    r"Service Unavailable|Gateway Time-?out)\b"
    r"|CUDA out of memory|(?:Internal Server Error|Bad Gateway|Service Unavailable|Too Many Requests)\b"
    r"|Rate limit (?:reached|exceeded)|Request timed out|Connection (?:refused|reset)"
    r"|This model's maximum context length",
    re.I,
)
LONGEST = 600  # characters; a message of the machinery is short


@dataclass(frozen=True, kw_only=True)
class ErrorText(Check):
    """Fails on an answer that is an error message of a server, a client or a script, and nothing else.

    Not covered: messages after some text of the model's own; messages in other languages than English and Japanese.
    """

    def fault(self, text: str, chat: Chat) -> str:
        text = text.strip()
        if _WHOLE.fullmatch(text) or (len(text) <= LONGEST and _OPENING.match(text)):
            return shown(text)
        return ""
