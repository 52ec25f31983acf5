"""Silences: which alerts a person wants kept out of incidents for a while."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from quell.errors import Malformed
from quell.incident.alert import SERVICE_LABELS, Alert
from quell.incident.events import Matcher, SilenceCreated
from quell.ingest.pattern import Pattern

MATCHERS = 20
VALUE_CHARACTERS = 1_024
COMMENT_CHARACTERS = 1_000
LONGEST = timedelta(days=366)
MATCHED_CHARACTERS = 1_024
"""A regular expression looks at no more of a label's value than this."""
_NAMING = frozenset({"alertname", *SERVICE_LABELS})
_META = frozenset("\\.[](){}*+?^$")

Check = Callable[[str], bool]
_NONE: Mapping[str, Silence] = {}


def create_silence(
    *,
    silence_id: str,
    matchers: Sequence[Matcher],
    starts_at: datetime,
    ends_at: datetime,
    by: str,
    comment: str,
    now: datetime,
    typed_name: str = "",
) -> SilenceCreated:
    """
    Return the event that begins a silence, for the caller to append to the stream `silences`.

    Raises: Malformed: a matcher cannot be read, it would silence everything, or its time is over, turned round or
        longer than a year.
    """
    if not 1 <= len(matchers) <= MATCHERS:
        raise Malformed(f"a silence has 1 to {MATCHERS} matchers, this one has {len(matchers)}")
    if ends_at <= starts_at:
        raise Malformed("a silence must end after it starts")
    if ends_at <= now:
        raise Malformed(f"the silence would already be over: it ends at {ends_at.isoformat()}")
    if ends_at - starts_at > LONGEST:
        raise Malformed(f"a silence may last {LONGEST.days} days")
    if len(comment) > COMMENT_CHARACTERS:
        raise Malformed(f"a comment may have {COMMENT_CHARACTERS} characters")
    event = SilenceCreated(
        silence_id=silence_id,
        matchers=tuple(matchers),
        starts_at=starts_at,
        ends_at=ends_at,
        by=by,
        typed_name=typed_name,
        comment=comment,
    )
    Silence(event)
    return event


class Silence:
    """
    A silence ready to test alerts with.

    Raises: Malformed: a matcher cannot be read, or none of them says what the silence is about: at least one must
        ask for a value (`=` or `=~`) and not let the empty value, and so everything, through.
    """

    def __init__(self, event: SilenceCreated) -> None:
        self.id = event.silence_id
        self.starts_s = event.starts_at.timestamp()
        self.ends_s = event.ends_at.timestamp()
        self.asks_for = next(((m.label, m.value) for m in event.matchers if m.op == "=" and m.value), None)
        """A label's value without which it covers nothing, if it asks for one outright."""
        self._checks = [(matcher.label, _check(matcher)) for matcher in event.matchers]
        if not any(_narrows(matcher, check) for matcher, (_, check) in zip(event.matchers, self._checks, strict=True)):
            raise Malformed(
                "the silence is too broad: at least one matcher must ask for a value that is neither empty nor anything"
            )
        self.names_its_alerts = any(_names(matcher) for matcher in event.matchers)
        """Whether it names an alert or a service outright: only then it also keeps back a first critical alert."""

    def covers(self, alert: Alert, now_s: float) -> bool:
        """Return whether the alert is silenced at this time. A missing label counts as empty."""
        if not self.starts_s <= now_s < self.ends_s:
            return False
        labels = alert.labels
        return all(check(labels.get(label, "")) for label, check in self._checks)


class Silences:
    """The silences there are."""

    def __init__(self) -> None:
        self._silences: dict[str, Silence] = {}
        self._by_pair: dict[tuple[str, str] | None, dict[str, Silence]] = {}
        """By what they ask for outright, so that an alert meets few of many; None: by those that name no value."""
        self._ends: list[tuple[float, str]] = []
        """A heap of when each is over; some were ended before that."""
        self.any_over = True
        """Whether one may have ended since somebody looked at what they keep back, and said so here."""

    def __len__(self) -> int:
        return len(self._silences)

    def add(self, event: SilenceCreated) -> None:
        """Take a silence in. One that cannot be read silences nothing: an alert too many does less harm."""
        self.end(event.silence_id)
        try:
            silence = Silence(event)
        except Malformed:
            return
        self._silences[silence.id] = silence
        self._by_pair.setdefault(silence.asks_for, {})[silence.id] = silence
        heapq.heappush(self._ends, (silence.ends_s, silence.id))

    def end(self, silence_id: str) -> None:
        """End a silence before its time."""
        silence = self._silences.pop(silence_id, None)
        if silence is not None:
            self.any_over = True
            del self._by_pair[silence.asks_for][silence_id]
            if not self._by_pair[silence.asks_for]:
                del self._by_pair[silence.asks_for]

    def prune(self, now_s: float) -> None:
        """Forget those that are over."""
        while self._ends and self._ends[0][0] <= now_s:
            _, silence_id = heapq.heappop(self._ends)
            silence = self._silences.get(silence_id)
            if silence is not None and silence.ends_s <= now_s:
                self.end(silence_id)

    def covering(self, alert: Alert, now_s: float, *, first_of_its_kind: bool) -> str | None:
        """
        Return the id of a silence that keeps this alert back, or None.

        A critical alert that is the first of its kind is kept back only by a silence that names its alert or service.
        """
        for silence in self._asked_by(alert):
            if (silence.names_its_alerts or not first_of_its_kind) and silence.covers(alert, now_s):
                return silence.id
        return None

    def _asked_by(self, alert: Alert) -> Iterator[Silence]:
        """Yield the silences that could cover an alert."""
        for pair in (None, *alert.labels.items()):
            yield from self._by_pair.get(pair, _NONE).values()


def _check(matcher: Matcher) -> Check:
    if not matcher.label or len(matcher.label) > VALUE_CHARACTERS or len(matcher.value) > VALUE_CHARACTERS:
        raise Malformed(f"a matcher needs a label, and at most {VALUE_CHARACTERS} characters in label and value")
    wanted = matcher.value
    checks: Mapping[str, Callable[[], Check]] = {
        "=": lambda: lambda value: value == wanted,
        "!=": lambda: lambda value: value != wanted,
        "=~": lambda: _regex(wanted),
        "!~": lambda: _not(_regex(wanted)),
    }
    if matcher.op not in checks:
        raise Malformed(f"a matcher's operator is one of =, !=, =~, !~, not {matcher.op!r}")
    return checks[matcher.op]()


def _regex(text: str) -> Check:
    pattern = Pattern(text)
    return lambda value: pattern.matches(value[:MATCHED_CHARACTERS])


def _not(check: Check) -> Check:
    return lambda value: not check(value)


def _narrows(matcher: Matcher, check: Check) -> bool:
    """Return whether a matcher says what the silence is about; a pattern that lets a nonsense value in does not."""
    if matcher.op == "=":
        return bool(matcher.value)
    return matcher.op == "=~" and not check("") and not check("\u2318nothing is called this\u2318")


def _names(matcher: Matcher) -> bool:
    if matcher.label not in _NAMING or matcher.op not in ("=", "=~") or not matcher.value:
        return False
    return matcher.op == "=" or (not _META.intersection(matcher.value) and "" not in matcher.value.split("|"))
