"""
How responses and the workflows that run them are called.

A response is `INC-7` (the first one of an incident) or `INC-7.2`. The workflow that runs it has the same id; where the
engine has lost or ended it although the log has not, another one runs it as `INC-7.2~1`. What takes a change back
because a person asked for it is `take-back:INC-7:1`, by the number of the request.
"""

from __future__ import annotations


def response_id(incident_id: str, run: int) -> str:
    """Name a response; the first one has the incident's own id."""
    return incident_id if run == 1 else f"{incident_id}.{run}"


def again(response: str, number: int) -> str:
    """Name the workflow that runs a response after so many others did; the first one has the response's own id."""
    return f"{response}~{number}" if number else response


def response_of(workflow: str) -> str:
    """Return which response a workflow runs."""
    return workflow.partition("~")[0]


def incident_of(workflow: str) -> tuple[str, int]:
    """Return (incident id, run) of a workflow or response."""
    incident_id, _, run = response_of(workflow).partition(".")
    return incident_id, int(run) if run.isdecimal() else 1


TAKE_BACK = "take-back:"


def take_back_id(incident_id: str, request: int) -> str:
    """Name the workflow that takes a change back because of a request."""
    return f"{TAKE_BACK}{incident_id}:{request}"


def is_take_back(workflow: str) -> bool:
    """Return whether a workflow is one of these."""
    return workflow.startswith(TAKE_BACK)


def take_back_of(workflow: str) -> tuple[str, int]:
    """Return (incident id, request) of a workflow that takes a change back, whichever one it is for that request."""
    incident_id, _, request = response_of(workflow).removeprefix(TAKE_BACK).rpartition(":")
    return incident_id, int(request)
