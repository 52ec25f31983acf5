"""What Grafana adds to Alertmanager's webhook, and its legacy alerting, which sends one rule at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping

from quell.errors import Malformed
from quell.incident.alert import AlertStatus
from quell.ingest.lenient import Fields
from quell.ingest.text import clean

TEST = "sender"
"""`Alert.test` of the notification that a tool's own test button sends."""
_DATASOURCE = "Datasource"
_TROUBLES = {"DatasourceNoData": "no data", "DatasourceError": "query error"}
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LEGACY = {
    "alerting": AlertStatus.FIRING,
    "no_data": AlertStatus.FIRING,
    "ok": AlertStatus.RESOLVED,
}


def name_in(labels: Mapping[str, str]) -> str:
    """
    Return the name of an alert; empty when its labels have none.

    When a data source gives nothing, Grafana sends the trouble as `alertname`, the same for every rule; the rule is in
    `rulename`. Then it is named by both: `Queue age: no data`.
    """
    name, rule = labels.get("alertname", ""), labels.get("rulename", "")
    if not rule or not name.startswith(_DATASOURCE) or name == rule:
        return name or rule
    return f"{rule}: {_TROUBLES.get(name) or _WORD.sub(' ', name[len(_DATASOURCE) :]).lower() or 'data source'}"


def is_test(labels: Mapping[str, str]) -> bool:
    """Return whether an alert comes from the test button of a contact point: nobody will ever send its end."""
    return labels.get("alertname") == "TestAlert" and labels.get("instance") == "Grafana"


class LegacyRule:
    """A webhook of Grafana's legacy alerting: the state of one rule. Raises: Malformed."""

    def __init__(self, fields: Fields) -> None:
        rule, state = fields.text("ruleName"), fields.text("state").strip().lower()
        if not rule or not state:
            raise Malformed("it has neither alerts nor a ruleName with its state")
        if state not in _LEGACY:
            raise Malformed(f"the state {clean(state, most=40)!r} of its rule is neither alerting, no_data nor ok")
        self.status = _LEGACY[state]
        self.name = f"{rule}: no data" if state == "no_data" else rule
        self.labels = {**fields.texts("tags"), "alertname": rule}
        self.identity = {"rule": rule, "id": fields.text("ruleId")}
        """The same whatever the state: the end says `ok` after `alerting` and after `no_data`."""
        summary = fields.text("message") or fields.text("title")
        self.annotations = {"summary": summary} if summary else {}
        self.org, self.link = fields.text("orgId"), fields.text("ruleUrl")
        self.test = TEST if rule == "Test notification" and self.identity["id"] in ("", "0") else ""
