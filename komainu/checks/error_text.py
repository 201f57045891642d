"""ErrorText: a message of the machinery that stands where an answer should be."""

from __future__ import annotations

import re
from dataclasses import dataclass

from komainu.checks.base import Check, shown
from komainu.rows import Chat

_STATUS = (
    r"(?:Bad Request|Unauthorized|Payment Required|Forbidden|Not Found|Too Many Requests|Internal Server Error|"
    r"Bad Gateway|Service (?:Temporarily )?Unavailable|Gateway Time-?out|Overloaded)(?!\w)"
)
_WHOLE = (r"null|None|[Nn]a[Nn]|undefined|\[object Object\]", r"\$ERROR\$|\W{0,2}(?:API_)?ERROR\W{0,2}")
_SURE = (  # what servers and clients write, and nobody else
    r"(?:\w+\.)+\w*(?:Error|Exception|Timeout|Exhausted|Unavailable)\b\s*[:：(]",  # openai.RateLimitError: ...
    r"(?:API|APIConnection|APIStatus|APITimeout|Authentication|BadRequest|ContentPolicyViolation|"
    r"ContextWindowExceeded|InternalServer|InvalidRequest|NotFound|OutOfMemory|PermissionDenied|RateLimit|"
    r"ServiceUnavailable)Error\b",
    r"[\[{(\s]*['\"](?:error|detail|object)['\"]\s*:\s*['\"{\[]",  # {"error": {"message": ...
    r"Error code: [45]\d\d - |Error communicating with \w+:|Error during API call",
    r"HTTPS?ConnectionPool\(host=|Max retries exceeded with url|Cannot connect to host |<urlopen error ",
    r"\[Errno -?\d+\] |Connection (?:refused|reset by peer|aborted)(?!\w)",
    r"upstream (?:connect error or |request timeout)|no healthy upstream",
    r"(?:\*\*)?(?:NETWORK ERROR DUE TO HIGH TRAFFIC|YOUR INPUT VIOLATES OUR CONTENT MODERATION)",
    r"(?:This|The) model's maximum context length|Token indices sequence length is longer than",
    r"(?:That|The) (?:model|server|engine) is (?:currently )?overloaded(?:[.,]| with other|\Z)",
    r"The server had an error while processing",
    r"Rate limit reached for |You exceeded your current quota|Quota exceeded|Your credit balance is too low",
    r"(?:Incorrect|Invalid) API key|The response was filtered due to|CUDA (?:out of memory|error:)|RuntimeError: CUDA",
)
_LIKELY = (  # what a model may write too, where the question speaks of errors
    r"[\[(*_]*(?:(?:An?|The|Anthropic|API|Connection|Generation|HTTP|Inference|Internal|OpenAI|Request|Runtime|Server|"
    r"Timeout|Unexpected|Unknown)\s)*(?:error|exception)[\])*_]*\s*(?:[:：(\[]|\Z|(?:has )?(?:occurred|happened)\b)",
    r"(?:API|サーバー?|システム|ネットワーク|接続|通信|内部)?エラー(?:[:：]|です。?\Z|が発生|\Z)",
    r"(?:<!DOCTYPE html[^>]*>\s*)?<html[\s\S]{0,400}<title>[^<]*(?:\b[45]\d\d\b|error)",
    r"Traceback \(most recent call last\)|\w+(?:Error|Exception): ",
    rf"(?:(?:Error|HTTP(?:/[\d.]+)?|Status)(?: (?:code|error|status))*:? )?[45]\d\d:? (?:\({_STATUS}\)|{_STATUS})",
    rf"(?:Error|HTTP(?:/[\d.]+)?|Status)(?: (?:code|error|status))*:? [45]\d\d\b|{_STATUS}\W*\Z",
    r"(?:The )?(?:connection|request|(?:read |write )?operation|read) (?:has )?(?:timed out|time-?out)\W*\Z",
    r"Connection error\W*\Z",
    r"(?:API )?Rate limit (?:reached|exceeded)|Failed to (?:generate|fetch|get)\b[^.\n]*\.?\Z",
)
_TOPIC = re.compile(
    r"error|exception|traceback|time-?out|\bHT(?:TP|ML)|\bAPI\b|status|server|output|print|"
    r"エラー|例外|タイムアウト|ステータス|サーバ|出力|実行結果|プログラム|コード",
    re.I,
)
_WHOLLY, _SURELY = re.compile("|".join(_WHOLE)), re.compile("|".join(_SURE), re.I)
_LIKELIER = re.compile("|".join(_LIKELY), re.I)
LONGEST = 2000  # characters; a message of the machinery is short


@dataclass(frozen=True, kw_only=True)
class ErrorText(Check):
    """Fails on an answer that is an error message of a server, a client or a script, and nothing else.

    A message that a model may write too (`Error: ...`, a traceback, `404 Not Found`) is none where a user's turn
    speaks of errors, servers, pages or the output of a program.
    Not covered: messages after some text of the model's own; messages in other languages than English and Japanese.
    """

    def fault(self, text: str, chat: Chat) -> str:
        text = text.strip()
        if len(text) > LONGEST:
            return ""
        if _WHOLLY.fullmatch(text) or _SURELY.match(text) or (_LIKELIER.match(text) and not asked_for(chat)):
            return shown(text)
        return ""


def asked_for(chat: Chat) -> bool:
    """Whether the question is of a kind to which an error message may be the answer."""
    return any(_TOPIC.search(turn.content) for turn in chat.prompt if turn.role == "user")
