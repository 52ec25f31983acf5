"""
Every error Quell raises on purpose. A class says whose fault it is; `reason` is the metric label
(low cardinality); `retryable` says whether the same call may work later.

    QuellError
    ├── InputError                 the caller's: the same input fails again
    │   ├── Malformed                  cannot be read
    │   ├── KeyReused                  its idempotency key stands for another request
    │   ├── TooLarge                   over a stated size
    │   ├── Unauthenticated            no credential, or a wrong one
    │   ├── Forbidden                  known, and not allowed (host, origin, policy)
    │   ├── NotFound
    │   └── Overloaded                 too many; come back after `retry_after_s`
    ├── Conflict                   the state has moved on, or does not allow it
    │   ├── WrongOffset                the stream is not where the writer thought
    │   ├── IllegalTransition          an incident cannot go there from here
    │   └── AlreadyOwned               somebody else owns it, and was not passed over on purpose
    ├── UpstreamError              a system we asked: telemetry, an action's target
    │   ├── Unreachable
    │   ├── TimedOut
    │   ├── RateLimited
    │   └── BadAnswer                  it answered, and the answer is not usable
    ├── StorageError               our own store
    │   ├── StorageBusy                its queue is full; come back
    │   ├── StorageFull
    │   ├── StorageReadOnly
    │   ├── StorageLocked              another process owns it
    │   └── StorageCorrupt
    ├── ActionFailed               a change was tried and did not complete
    └── ConfigError                a setting is wrong or missing
"""

from __future__ import annotations


class QuellError(Exception):
    """The root: catch it to catch all that Quell raises on purpose."""

    reason = "error"
    retryable = False


class InputError(QuellError):
    """The caller sent something we cannot take."""

    reason = "input"


class Malformed(InputError):
    """The body or argument cannot be read."""

    reason = "malformed"


class KeyReused(InputError):
    """The idempotency key was used before, for a request that said something else."""

    reason = "key_reused"


class TooLarge(InputError):
    """The body or argument is over a stated size."""

    reason = "too_large"


class Unauthenticated(InputError):
    """The caller gave no credential, or a wrong one."""

    reason = "unauthenticated"


class Forbidden(InputError):
    """The caller is not allowed to do this."""

    reason = "forbidden"


class NotFound(InputError):
    """There is no such thing."""

    reason = "not_found"


class Overloaded(InputError):
    """Too many requests; the caller should come back."""

    reason, retryable = "overloaded", True

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Conflict(QuellError):
    """The state has moved on, or does not allow it."""

    reason = "conflict"


class WrongOffset(Conflict):
    """Another writer appended to the stream first."""

    reason, retryable = "wrong_offset", True


class IllegalTransition(Conflict):
    """An incident cannot go from its state to the one asked for."""

    reason = "illegal_transition"


class AlreadyOwned(Conflict):
    """Somebody else owns the incident."""

    reason = "already_owned"


class UpstreamError(QuellError):
    """A system we asked failed us."""

    reason, retryable = "upstream", True


class Unreachable(UpstreamError):
    """No connection."""

    reason = "unreachable"


class TimedOut(UpstreamError):
    """No answer within the time we gave it."""

    reason = "timed_out"


class RateLimited(UpstreamError):
    """The system asked us to wait."""

    reason = "rate_limited"


class BadAnswer(UpstreamError):
    """The system answered, and the answer is not usable."""

    reason, retryable = "bad_answer", False


class StorageError(QuellError):
    """Our own store failed; nothing was acknowledged."""

    reason, retryable = "storage", True


class StorageBusy(StorageError):
    """More waits to be written than may wait; the caller should come back."""

    reason = "storage_busy"


class StorageFull(StorageError):
    """No space is left where the store lives."""

    reason = "storage_full"


class StorageReadOnly(StorageError):
    """The store cannot be written."""

    reason = "storage_read_only"


class StorageLocked(StorageError):
    """Another process owns the store."""

    reason, retryable = "storage_locked", False


class StorageCorrupt(StorageError):
    """The store holds what it should not."""

    reason, retryable = "storage_corrupt", False


class ActionFailed(QuellError):
    """A change was tried and did not complete."""

    reason = "action_failed"


class ConfigError(QuellError):
    """A setting is wrong or missing, or several are: `faults` has a line for each."""

    reason = "config"

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults
