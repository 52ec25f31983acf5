"""The sizes that every source keeps its alerts within."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from quell.errors import Malformed
from quell.ingest.text import clean_all


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertBounds:
    """
    Bounds on one body and one alert.

    Too many labels, or a label name that is too long, rejects the alert: cutting it would give it another identity.
    Values and annotations are cut, and end in a mark that says so; annotations past a bound are dropped and said.
    """

    alerts: int = 10_000
    """Alerts of one body; those past it are rejected."""
    labels: int = 64
    name_characters: int = 256
    label_characters: int = 1_024
    annotation_characters: int = 8_192

    def fit(
        self, labels: dict[str, str], annotations: dict[str, str]
    ) -> tuple[dict[str, str], dict[str, str], tuple[str, ...]]:
        """
        Return labels and annotations fit to keep, and what was dropped; annotations keep their line breaks.

        Raises: Malformed: the labels are out of bounds.
        """
        if self._plain(labels, annotations):
            return labels, annotations, ()
        if len(labels) > self.labels:
            raise Malformed(f"it has more than {self.labels} labels")
        if any(len(name) > self.name_characters for name in labels):
            raise Malformed(f"the name of a label is longer than {self.name_characters} characters")
        short = [(name, text) for name, text in annotations.items() if len(name) <= self.name_characters]
        few = dict(short[: self.labels])
        dropped = len(annotations) - len(few)
        bound = f"at most {self.labels} with names of up to {self.name_characters} characters are kept"
        return (
            clean_all(labels, most=self.label_characters),
            clean_all(few, most=self.annotation_characters, lines=True),
            (f"Annotations were dropped ({dropped}): {bound}.",) if dropped else (),
        )

    def _plain(self, labels: dict[str, str], annotations: dict[str, str]) -> bool:
        """Return whether all of it together would be fit to keep as one text: the quick answer for nearly all."""
        names, values, notes = "".join((*labels, *annotations)), "".join(labels.values()), "".join(annotations.values())
        return (
            len(labels) <= self.labels >= len(annotations)
            and len(names) <= self.name_characters
            and len(values) <= self.label_characters
            and len(notes) <= self.annotation_characters
            and (names + values + notes).isprintable()
        )

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
