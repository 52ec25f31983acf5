"""All that people can do, behind one object."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from quell.application.authorization import EVERYBODY_MAY, Authorizer
from quell.application.commands import Commands
from quell.application.site_changes import SiteChanges
from quell.eventlog.incidents import Incidents
from quell.eventlog.log import EventLog


class Application:
    """What REST, the live channel and the command line call; each of its parts asks the same authorizer."""

    def __init__(self, log: EventLog, *, clock: Callable[[], datetime], authorizer: Authorizer = EVERYBODY_MAY) -> None:
        self.authorizer = authorizer
        self.commands = Commands(log, Incidents(log), clock=clock, authorizer=authorizer)
        self.changes = SiteChanges(log, authorizer)
