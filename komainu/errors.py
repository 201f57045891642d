"""What can go wrong for a user, each class with the exit code the command line ends with.

Error                the base: anything a user can mend
|- UsageError        2  a setting, a recipe or a row is wrong; nothing was started
|  |- Drift          2  a default has changed under an id that is already built
|  |- NoSandbox      2  model-written code cannot be cut off from this machine, so it is not run
|- GateFailed        3  a gate or a verification did not hold
|- Incomplete        4  verdicts are missing; the headline is withheld
|- OverBudget        5  the cap was reached; run again with a higher one to go on
|- EndpointError     1  an endpoint gave no usable answer; run again to go on
|- JobFailed         1  work done in other processes or on a cluster failed; run again to go on
|- Stopped           1  asked to stop by a signal; a checkpoint is saved
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar

MANY = 24  # names that a message lists


class Error(Exception):
    """Anything a user can mend. The message says what, where, and what to do instead."""

    code: ClassVar[int] = 2


class UsageError(Error, ValueError):
    """A setting, a recipe or a row is wrong; nothing was started."""


class Drift(UsageError):
    """The recorded config and today's config differ under one id."""


class NoSandbox(UsageError):
    """Model-written code cannot be cut off from this machine; none of it was run."""


class GateFailed(Error):
    """A gate or a verification did not hold."""

    code = 3


class Incomplete(Error):
    """Verdicts are missing, so a number that needs them is withheld."""

    code = 4


class OverBudget(Error):
    """The spending cap was reached; what was paid for is kept."""

    code = 5


class EndpointError(Error):
    """An endpoint gave no usable answer after every retry; a second run goes on from here."""

    code = 1


class JobFailed(Error):
    """Work in other processes, or on a cluster, ended without its result; a second run goes on from what is saved."""

    code = 1


class Stopped(Error):
    """A signal asked to stop; a checkpoint is saved and a second run goes on from it."""

    code = 1


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'size'?` for a mistyped name, or the names there are."""
    names = sorted(known)
    folded = {name.casefold(): name for name in names}
    if close := difflib.get_close_matches(word.casefold(), folded, n=1):
        return f"; did you mean {folded[close[0]]!r}?"
    more = [f"{len(names) - MANY} more"] if len(names) > MANY else []
    return f"; there is: {', '.join([*names[:MANY], *more])}" if names else "; there is none"
