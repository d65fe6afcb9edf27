"""Signatures of webhooks: whether a body as received comes from the provider, one pure module a scheme.

Each module's `check` takes the raw body, the headers, the secret and the time, and answers None for a request that is
good or the Refusal. Nothing that can be sent raises; a secret that cannot be used is a caller's bug and raises
ValueError. Neither secrets nor signatures are in any text.

A request that is sent again within the window is accepted, and nothing is remembered of requests seen: an event that
comes again has the same id and changes nothing (invariant 2). The window bounds how long a request that leaked can be
sent again.
"""

from datetime import timedelta
from enum import StrEnum

BACK = timedelta(minutes=5)
"""How old a request may be."""

AHEAD = timedelta(minutes=1)
"""How far the provider's clock may run ahead of ours."""


class Refusal(StrEnum):
    """Why a request is not taken for the provider's. Closed: a new way to be refused gets a new member here.

    stale and future are told only of what is signed well, so they mean a clock, a long retry or a replay.
    """

    MISSING = "missing"
    MALFORMED = "malformed"
    WRONG = "wrong"
    STALE = "stale"
    FUTURE = "future"
