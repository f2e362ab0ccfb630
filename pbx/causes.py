"""Hangup causes (ITU-T Q.850, as Asterisk spells them) and what they say about a phone that was tried.

Only the numbers the service reasons about have names; the rest are covered by the two sets below.
"""

from __future__ import annotations

USER_BUSY = 17
CALL_REJECTED = 21
REDIRECTED = 23

# Nobody picked up: what a phone sends that is switched off (480), but also one that rang out.
NO_REPLY = frozenset({18, 19})

# The phone, its line or its number could not be reached at all: switched off, not registered, no such number. 18 and 19
# are also what a phone sends that rang out: they mean "unreachable" only where it never rang.
UNREACHABLE = frozenset({1, 2, 3, 18, 19, 20, 22, 25, 26, 27, 28, 29, 31, 38, 41, 50, 57, 58, 88, 127})
