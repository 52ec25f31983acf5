"""The sizes that every source keeps its alerts within."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from quell.ingest.text import clean_all


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertBounds:
    """
    Bounds on one body and one alert.

    Too many labels, or a label name that is too long, rejects the alert: cutting it would give it another identity.
    Values and annotations are cut, and end in a mark that says so.
    """

    alerts: int = 10_000
    """Alerts of one body; those past it are rejected."""
    labels: int = 64
    name_characters: int = 256
    label_characters: int = 1_024
    annotation_characters: int = 8_192

    def refuse(self, labels: dict[str, str], annotations: dict[str, str]) -> str | None:
        """Return why an alert is out of bounds, or None."""
        if len(labels) > self.labels or len(annotations) > self.labels:
            return f"it has more than {self.labels} labels or annotations"
        longest = self.name_characters
        for name in labels:
            if len(name) > longest:
                return f"a label's name is longer than {longest} characters"
        for name in annotations:
            if len(name) > longest:
                return f"an annotation's name is longer than {longest} characters"
        return None

    def labels_of(self, labels: dict[str, str]) -> dict[str, str]:
        """Return labels fit to keep."""
        return labels if self._plain(labels, self.label_characters) else clean_all(labels, most=self.label_characters)

    def annotations_of(self, annotations: dict[str, str]) -> dict[str, str]:
        """Return annotations fit to keep; line breaks stay."""
        if self._plain(annotations, self.annotation_characters):
            return annotations
        return clean_all(annotations, most=self.annotation_characters, lines=True)

    def _plain(self, texts: dict[str, str], most: int) -> bool:
        """Return whether all of it together would be fit to keep as one text: the quick answer for nearly all."""
        names, values = "".join(texts), "".join(texts.values())
        return len(names) <= self.name_characters and len(values) <= most and (names + values).isprintable()

    def link_of(self, link: str) -> str | None:
        """Return a link that is safe to show, http or https, or None."""
        return link if link.startswith(("https://", "http://")) and link.isprintable() and len(link) <= 2_048 else None


def surplus(count: int, bounds: AlertBounds) -> list[str]:
    """Return one sentence for each alert of a body past the bound."""
    return [f"the body holds more than {bounds.alerts} alerts"] * max(0, count - bounds.alerts)


def moment(at: datetime | None) -> datetime | None:
    """Return an aware UTC time; None for none at all, which some tools write as the year 1."""
    if at is None or not 1 < at.year < 9999:
        return None
    if at.tzinfo is UTC:
        return at
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
