"""What can go wrong with the manager interface, by whose fault it is.

    AmiError
    +-- AmiConnectionLost     nobody there, TLS refused, the connection broke, no answer in time: try again
    +-- AmiAuthError          log-in refused: a person has to mend manager.conf or the configuration
    +-- AmiPermissionError    the manager user may not do what we need: the line to add is named
    +-- AmiActionFailed       the PBX refused one action

Nonsense in the stream is no exception: it becomes a counted anomaly. Every message is one line: what, where, what to do.
"""

from __future__ import annotations


class AmiError(Exception):
    """Root of this room's errors."""


class AmiConnectionLost(AmiError):  # noqa: N818 - an event, not a mistake
    """The connection is not there (any more)."""


class AmiAuthError(AmiError):
    """The PBX does not let us in."""


class AmiPermissionError(AmiError):
    """The PBX lets us in but not do this."""


class AmiActionFailed(AmiError):  # noqa: N818 - the PBX's answer, not ours
    """The PBX answered `Response: Error`."""
