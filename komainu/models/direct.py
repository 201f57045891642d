"""Requests of the standard library that go to one server alone: through no proxy, after no redirect.

urllib would take the header with the key along to wherever a redirect leads.
"""

from __future__ import annotations

import urllib.request
from typing import Any


class Stays(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other that is not 200: an HTTPError."""

    def redirect_request(self, *_: Any) -> None:
        return None


def opened(request: urllib.request.Request | str, timeout: float) -> Any:
    """The response; raises what urllib raises."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), Stays).open(request, timeout=timeout)
