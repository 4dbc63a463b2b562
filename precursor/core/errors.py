"""Errors that the system raises on purpose.

* PrecursorError
  x Faulty         input that cannot be taken as it stands: every fault with its JSON pointer
  x Refused        the state of the register does not allow it
    x ClockOut     the clock of a phone is far out
    x RuleViolated the law, or a rule made from it, forbids it: every rule that is broken
  x NotFound       it is not there, or the actor may not know that it is
  x Forbidden      the actor lacks the grant
    x Locked       the phone is locked
  x Malformed      it cannot be read at all
  x Stale          the record is no longer as the actor saw it
  x VersionMissing he does not say which version he saw
  x Unavailable    the audit record, or another thing that must not fail, cannot be written now
"""

from collections.abc import Sequence
from dataclasses import dataclass

from precursor.rules.law import Violation


class PrecursorError(Exception):
    """Base class; ``code`` is stable and part of the outside face."""

    code = "error"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault of an input: where (RFC 6901 pointer, or row and column) and what, with the way out."""

    pointer: str
    message: str

    def __post_init__(self) -> None:
        """What is quoted from the input may hold what no output can: it is written as an escape."""
        for name in ("pointer", "message"):
            text = getattr(self, name).encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
            object.__setattr__(self, name, text)


class Faulty(PrecursorError):
    """The input has faults; nothing of it was taken."""

    code = "faulty"

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        many = "faults" if len(self.faults) != 1 else "fault"
        super().__init__(f"{len(self.faults)} 处有误 / {len(self.faults)} {many}")


class Refused(PrecursorError):
    """What was asked for does not go with what is recorded; ``pointer``: the member that it hangs on, if one does."""

    code = "refused"
    pointer = ""


class ClockOut(Refused):
    """The clock of a phone is too far out for what it asks to be believed."""

    code = "clock"


class RuleViolated(Refused):
    """The act breaks rules; all of them are named."""

    code = "rule-violated"

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__("; ".join(f"{v.message} [{v.rule}]" for v in self.violations))


class NotFound(PrecursorError):
    """The thing does not exist, or the actor may not know that it does."""

    code = "not-found"


class Forbidden(PrecursorError):
    """The actor lacks the grant."""

    code = "forbidden"


class Locked(Forbidden):
    """The phone is locked: what it holds it is to forget."""

    code = "locked"


class Unavailable(PrecursorError):
    """A record that must be written cannot be written now; nothing was done."""

    code = "unavailable"


class Malformed(PrecursorError):
    """The request cannot be read at all."""

    code = "malformed"


class Stale(PrecursorError):
    """The record is no longer as the actor saw it."""

    code = "stale"


class VersionMissing(PrecursorError):
    """A change must name the version that it was made on."""

    code = "version-missing"


class Unauthenticated(PrecursorError):
    """Nobody is signed in, or the token is not good."""

    code = "unauthenticated"
