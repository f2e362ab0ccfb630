"""What can go wrong in the lab, one line each: nothing to run (`LabUnavailable`), or a PBX that fails (`PbxError`)."""


class LabError(Exception):
    """Root of the lab's errors."""


class LabUnavailable(LabError):  # noqa: N818 - a state of the machine, not a mistake
    """This machine lacks something the lab needs; the message says what and what to do."""


class PbxError(LabError):
    """The PBX did not start, answer or stop in time; the message ends with the tail of its log."""


class PhoneTimeoutError(LabError):
    """A phone waited for something that did not come."""


class StoryError(LabError):
    """A story came out otherwise than it was meant: the lab, the PBX or the machine is at fault."""
