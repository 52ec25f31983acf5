"""The command line. Exit codes: 0 done, 1 it ran and the answer is bad, 2 it could not run (one line says why)."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import shutil
import sys
from collections.abc import Callable, Coroutine
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from urllib.parse import quote

import msgspec
import typer
from typer._click.exceptions import ClickException, NoArgsIsHelpError

from quell import __version__
from quell.addresses import shown_values
from quell.cli.asking import LOCAL, IncidentId, Token, Url, ask, filled
from quell.cli.bench import bench_app
from quell.cli.imports import import_app
from quell.cli.outcomes import outcomes
from quell.cli.printing import Config, Format, Output, on_one_line, print_rows, print_wrapped, write_to
from quell.cli.runbooks import runbooks_app
from quell.cli.takeback import take_back
from quell.errors import ConfigError, QuellError
from quell.incident.alert import Severity
from quell.incident.severity import known_severity, plain_word
from quell.outcomes.files import as_csv, as_json
from quell.outcomes.record import Origin
from quell.settings import load, read

if TYPE_CHECKING:
    from quell.client import Event, State
    from quell.eventlog.log import Recorded

app = typer.Typer(
    name="quell",
    help="An autonomous incident commander. `quell serve --lab` shows it on a small shop that really breaks.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(bench_app, name="bench")
app.add_typer(runbooks_app, name="runbooks")
app.add_typer(import_app, name="import")
app.command()(outcomes)
app.command("take-back")(take_back)


def _folder(text: str) -> Path:
    return Path(filled(text))


Data = Annotated[
    Path | None,
    typer.Option("--data", parser=_folder, metavar="<path>", help="Folder where Quell keeps its log. Default: .quell"),
]


class Written(StrEnum):
    """How outcomes are written."""

    CSV = "csv"
    JSON = "json"


ENTRIES_TOLD = 1000
"""Of so many entries `tail` remembers what it said."""

IMPORT_GC_THRESHOLD = 200_000
"""New objects between two rounds of the collector while a server is imported."""


def main() -> None:
    """Run the command line; every expected error is one line on stderr and exit code 2."""
    try:
        code = app(prog_name="quell", standalone_mode=False)
    except NoArgsIsHelpError as error:
        error.show()
        raise SystemExit(error.exit_code) from error
    except ClickException as error:
        _fail(error.format_message())
    except QuellError as error:
        _fail(str(error))
    except typer.Abort as error:
        raise SystemExit(1) from error
    raise SystemExit(code if isinstance(code, int) else 0)


def _fail(message: str) -> NoReturn:
    _complain(message)
    raise SystemExit(2)


def _complain(message: str) -> None:
    print(f"quell: {on_one_line(message)}", file=sys.stderr)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    """An autonomous incident commander."""
    if version:
        print(f"quell {__version__}")
        raise typer.Exit


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; any but loopback needs QUELL_TOKEN.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port; 0 lets the system choose.")] = None,
    data: Data = None,
    config: Config = None,
    lab: Annotated[bool, typer.Option("--lab", help="Start the lab too: a small shop that really breaks.")] = False,
    drills: Annotated[str | None, typer.Option(help="auto: faults happen by themselves; none: on demand.")] = None,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open the dashboard in a browser, if there is one.")
    ] = False,
) -> None:
    """Run Quell: take alerts in, work on incidents, show everything live."""
    # What is imported stays: looking through it again and again meanwhile is a fifth of the time of a start.
    gc.set_threshold(IMPORT_GC_THRESHOLD)
    from quell.app.server import run

    settings = load(config, host=host, port=port, data_dir=data)
    if lab or drills is not None:
        if drills not in (None, "auto", "none"):
            _fail("--drills takes auto or none")
        update = {"enabled": lab or settings.lab.enabled, **({"drills": drills} if drills else {})}
        settings = settings.model_copy(update={"lab": settings.lab.model_copy(update=update)})
    run(settings, open_browser=open_browser)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False)
def lab(context: typer.Context) -> None:
    """Run the lab alone, beside a Quell that runs already; `quell lab --help` lists its options."""
    from quell_lab.run import main as lab_main

    raise typer.Exit(lab_main(context.args))


@app.command("check-config")
def check_config(config: Config = None, output: Format = Output.TABLE) -> None:
    """Read the settings and runbooks as `serve` would, and list all that is wrong with them."""
    from quell.app.accepting import accept
    from quell.app.combining import all_of

    try:
        settings, faults = read(config)
        all_of((partial(_refuse, faults), partial(accept, settings)))
    except ConfigError as error:
        for fault in error.faults:
            _complain(fault)
        raise typer.Exit(2) from error
    if output is Output.JSON:
        print(json.dumps(shown_values(settings.model_dump(mode="json")), indent=2))
    else:
        print(f"settings are fine{f' ({config})' if config else ''}")


def _refuse(faults: list[str]) -> None:
    if faults:
        raise ConfigError(*faults)


@app.command()
def doctor(config: Config = None, data: Data = None, output: Format = Output.TABLE) -> None:
    """Check settings, stores and sources, and say what to mend; exit code 1 when something is wrong."""
    from quell.app.doctor import examine

    settings = load(config, data_dir=data)
    findings = _run(examine(settings))
    rows = [{"check": one.check, "state": one.state, "says": one.says, "mend": one.mend} for one in findings]
    if output is Output.JSON:
        print_rows(rows, output, ["check", "state", "says", "mend"])
    else:
        said = [{**row, "says": "\n".join(filter(None, (row["says"], row["mend"])))} for row in rows]
        print_wrapped(said, {"check": 26, "state": 7, "says": None}, width=shutil.get_terminal_size((80, 24)).columns)
    raise typer.Exit(1 if any(one.state == "bad" for one in findings) else 0)


@app.command("send-test-alert")
def send_test_alert(
    url: Url = LOCAL,
    service: Annotated[str, typer.Option(help="Service the alert is about.")] = "quell-test",
    severity: Annotated[
        str, typer.Option(help="critical, error, warning, info, or another word for one; of the site's with --config.")
    ] = "info",
    resolve: Annotated[bool, typer.Option("--resolve", help="Send the end of the test alert instead.")] = False,
    token: Annotated[str | None, typer.Option(envvar="QUELL_SENDER_TOKEN", help="Bearer token of the source.")] = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Send one test alert the way a tool would; it counts nowhere, and ends by itself after ten minutes."""
    own = load(config).ingest.severities if config else {}
    if known_severity(severity, {plain_word(word): Severity(plain) for word, plain in own.items()}) is None:
        _fail(f"there is no severity {severity!r}: {', '.join([*Severity, *own])}")
    body = {
        "alerts": [
            {
                "name": "TestAlert",
                "service": service,
                "severity": severity,
                "status": "resolved" if resolve else "firing",
                "summary": "A test alert, sent with `quell send-test-alert`",
                "dedup_key": f"quell-test/{service}",
                "test": True,
            }
        ]
    }
    answer = ask("POST", f"{url.rstrip('/')}/ingest/alerts", token=token, json=body)
    print_rows([answer], output, [name for name in answer if name != "incidents"] + ["incidents"])


@app.command("look-again")
def look_again(
    incident: IncidentId,
    reason: Annotated[str, typer.Option(help="Why; it is shown in the timeline.")] = "",
    url: Url = LOCAL,
    token: Token = None,
    output: Format = Output.TABLE,
) -> None:
    """Have the agents look again at an incident, also after they handed it over; exit code 2 when Quell refuses."""
    where = f"{url.rstrip('/')}/api/v1/incidents/{quote(incident, safe='')}/look_again"
    print_rows([ask("POST", where, token=token, json={"reason": reason})], output, ["id", "state", "summary"])


@app.command()
def tail(
    url: Url = LOCAL,
    channel: Annotated[
        str, typer.Option(help="events, incidents, incident:INC-1, agents, health or intake.")
    ] = "events",
    token: Token = None,
    output: Format = Output.TABLE,
) -> None:
    """Follow what happens, live; Ctrl-C ends it."""
    from quell.client import Client, Event, Snapshot

    async def print_all() -> None:
        teller = _Teller()
        address = f"{url.rstrip('/').replace('http', 'ws', 1)}/ws"
        async with Client(address, token=token, on_state=_state_sayer()) as client:
            async for item in client.follow(channel):
                if output is Output.JSON:
                    print(msgspec.json.encode(item).decode(), flush=True)
                elif isinstance(item, Event):
                    if line := teller.line(item):
                        print(line, flush=True)
                else:
                    rows = item.data.get("items", []) if isinstance(item.data, dict) else []
                    print(f"{channel}: {len(rows)} so far; following", flush=True)
                if isinstance(item, Snapshot) and item.missed:
                    print("quell: events were missed that history no longer holds", file=sys.stderr)

    with contextlib.suppress(KeyboardInterrupt):
        _run(print_all())


def _state_sayer() -> Callable[[State], None]:
    """Return what says on stderr, in a line, that the connection was lost, and that it is back."""
    from quell.client import CatchingUp, Live, Reconnecting

    said: type[State] | None = None

    def say(state: State) -> None:
        nonlocal said
        match state:
            case Reconnecting(why=why, wait_s=wait_s):
                line = f"{why}; trying again in {wait_s:.1f} s"
            case CatchingUp(behind=int(behind)) if said is Reconnecting:
                line = f"connected again, {behind} events behind"
            case Live() if said is not None:
                line = "caught up"
            case _:
                return
        said = None if isinstance(state, Live) else type(state)
        print(f"quell: {' '.join(line.split())}", file=sys.stderr)

    return say


class _Teller:
    """Says in a line what each message brings that was not said before."""

    def __init__(self) -> None:
        self._told = dict[tuple[str, int], tuple[str, ...]]()

    def line(self, message: Event) -> str:
        """Return the line; of an entry that was said before, only what is new in it, and nothing if nothing is."""
        data = message.data if isinstance(message.data, dict) else {}
        entry = data.get("entry", data)
        if not isinstance(entry, dict) or not {"title", "incident_id", "position"} <= entry.keys():
            return f"{message.kind}  {json.dumps(data, default=str)[:400]}"
        words = (entry["title"], *entry.get("text", "").split("\n"))
        place = (entry["incident_id"], entry["position"])
        told = self._told.pop(place, ())
        self._told[place] = words
        if len(self._told) > ENTRIES_TOLD:
            del self._told[next(iter(self._told))]
        new = on_one_line(" ".join(word for word in words if word not in told))
        if not new:
            return ""
        at, who = str(entry.get("at", ""))[11:19], entry.get("agent") or entry.get("by", "")
        return f"{at}  {who:<12} {entry['incident_id']:<9} {new}"


@app.command()
def replay(
    incident: IncidentId,
    data: Data = None,
    config: Config = None,
    output: Format = Output.TABLE,
) -> None:
    """Fold the recorded events of an incident again and show the same incident."""
    from quell.app.replay import retold

    view = retold(_recorded(load(config, data_dir=data).data_dir / "log.db", incident))
    if output is Output.JSON:
        print(msgspec.json.format(msgspec.json.encode(view), indent=2).decode())
        return
    summary = view.summary
    print(f"{summary.id}  {summary.severity}  {summary.state}  {summary.title}")
    print(f"{summary.summary}\n")
    for entry in view.timeline:
        print(f"{entry.at:%H:%M:%S}  {entry.agent or entry.by:<18} {entry.title}  {entry.text}".rstrip())


@app.command()
def export(
    what: Annotated[str, typer.Argument(help="events, incidents or outcomes.")] = "events",
    data: Data = None,
    config: Config = None,
    incident: Annotated[str | None, typer.Option(help="Only this incident; not of outcomes.")] = None,
    form: Annotated[
        Written | None, typer.Option("--format", help="Of outcomes: csv (the default) or json, an array.")
    ] = None,
    kind: Annotated[Origin | None, typer.Option(help="Of outcomes: only these.")] = None,
    to: Annotated[Path | None, typer.Option(help="File to write. Default: the terminal.")] = None,
) -> None:
    """Write recorded events, or incidents folded from them, as JSON lines; or the records behind the figures."""
    from quell.app.replay import as_line, incidents_of, outcomes_of, stored_events

    if what not in ("events", "incidents", "outcomes"):
        _fail(f"cannot export {what!r}: events, incidents or outcomes")
    if what == "outcomes" and incident is not None:
        _fail("--incident takes one incident out of events or incidents, not out of outcomes")
    if what != "outcomes" and (form or kind):
        _fail(f"--format and --kind are for outcomes; {what} are JSON lines")
    settings = load(config, data_dir=data)
    log = settings.data_dir / "log.db"
    records = stored_events(log) if incident is None else _recorded(log, incident)
    if what == "outcomes":
        rows = outcomes_of(records, kept=settings.outcomes.exact, origin=kind)
        write_to(to, as_json(rows) if form is Written.JSON else as_csv(rows))
    else:
        lines = (as_line(record) for record in records) if what == "events" else incidents_of(records)
        write_to(to, (f"{line}\n".encode() for line in lines))


def _recorded(log: Path, incident: str) -> list[Recorded]:
    """Return the events of an incident. Raises: ConfigError: there is no log, or none of them in it."""
    from quell.app.replay import stored_events
    from quell.incident.events import incident_stream

    records = list(stored_events(log, stream=incident_stream(incident)))
    if not records:
        raise ConfigError(f"there is no incident {incident} in {log}")
    return records


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)
