"""Looks at everything that Quell needs, changes none of it, and says what to mend."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from quell.actions.hosts import place_of
from quell.actions.process import SupervisorClient
from quell.addresses import shown_address
from quell.app import openfiles, parts, runbooks, webhooks
from quell.app.accepting import accept
from quell.app.door import DASHBOARD
from quell.app.labs import running_lab
from quell.app.quell import LOG_FILE
from quell.errors import ConfigError, StorageCorrupt, StorageError, UpstreamError
from quell.eventlog.inspection import inspect
from quell.evidence.scrape import ScrapeSource
from quell.evidence.source import EvidenceSource
from quell.settings import Settings, is_loopback

FREE_BYTES = 200 * 1024 * 1024
"""Below this much free space the log's disk is as good as full."""
ANSWER_S = 3.0
TOKEN_CHARS = 16
"""A shorter token can be guessed."""

State = Literal["ok", "bad", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    check: str
    state: State
    """`unknown`: there is nothing to look at, or it cannot be told from here."""
    says: str
    mend: str = ""
    """What to do about it; never empty when it is bad."""


async def examine(settings: Settings) -> Sequence[Finding]:
    """Look at everything; the settings themselves were read already, so they can be."""
    lab = running_lab(settings.data_dir)
    if lab is not None:
        settings = lab.point(settings)
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False) as client:
        beside = f"; with the lab that runs beside it (process {lab.pid})" if lab else ""
        return (
            *_settings(settings, beside),
            _files_open(settings.live.processes),
            _token(settings),
            _folder(settings.data_dir),
            await asyncio.to_thread(_log, settings.data_dir / LOG_FILE),
            await _address(settings, client),
            *await _sources(settings, client),
            *_senders(settings),
            _pushed(settings),
            await _supervisor(settings, client),
            *_webhooks(settings),
            _runbooks(settings),
            _dashboard(DASHBOARD),
        )


def _settings(settings: Settings, beside: str) -> list[Finding]:
    """Look at whether `serve` would accept the settings."""
    try:
        accept(settings)
    except ConfigError as error:
        mend = "Correct it; `serve` refuses to start before, and `quell check-config` says whether it is right."
        return [Finding(check="settings", state="bad", says=fault, mend=mend) for fault in error.faults]
    return [Finding(check="settings", state="ok", says=f"they can be read, and fit together{beside}")]


def _files_open(processes: int) -> Finding:
    """Look at how many files and sockets a Quell that is started from here may have."""
    check, most = "open files", openfiles.most_allowed()
    try:
        openfiles.check_limit(processes)
    except ConfigError as error:
        mend = "Raise the limit for the user or the unit that runs Quell; `serve` refuses to start before."
        return Finding(check=check, state="bad", says=str(error), mend=mend)
    says = "as many files and sockets as it wants" if most is None else f"up to {most} files and sockets at once"
    return Finding(check=check, state="ok", says=f"a process started from here may have {says}")


def _token(settings: Settings) -> Finding:
    """Look at who may use REST and the WebSocket."""
    try:
        token = settings.access_token()
    except ConfigError as error:
        mend = "Let `token_file` name a file that Quell may read, or set QUELL_TOKEN."
        return Finding(check="token", state="bad", says=str(error), mend=mend)
    if token is not None and len(token) < TOKEN_CHARS:
        says = f"the token has {len(token)} characters and can be guessed"
        return Finding(check="token", state="bad", says=says, mend="Set a longer one: `openssl rand -hex 32`.")
    if token is not None:
        return Finding(check="token", state="ok", says="REST and WebSocket want the token")
    if is_loopback(settings.host):
        return Finding(check="token", state="ok", says=f"none is set; only this machine reaches {settings.host}")
    says = f"none is set, and other machines reach {settings.host}"
    return Finding(check="token", state="bad", says=says, mend="Set QUELL_TOKEN; `serve` refuses to start without.")


def _runbooks(settings: Settings) -> Finding:
    """Look at the runbooks."""
    try:
        found = runbooks.shelf(settings)
    except ConfigError as error:
        mend = "Mend the files that are named; `quell runbooks check` looks at a folder of them."
        return Finding(check="runbooks", state="bad", says=str(error), mend=mend)
    own, off = sum(one.origin == "own" for one in found), sum(not one.runbook.enabled for one in found)
    return Finding(check="runbooks", state="ok", says=f"{len(found)}, {own} of them your own, {off} taken out of use")


def _folder(path: Path) -> Finding:
    """Look at the data folder, or at where it would be made."""
    nearest = next(one for one in (path.absolute(), *path.absolute().parents) if one.exists())
    if not nearest.is_dir():
        mend = f"Remove the file {nearest}, or choose another folder with `--data`."
        return Finding(check="data folder", state="bad", says=f"{nearest} is not a folder", mend=mend)
    if not os.access(nearest, os.W_OK | os.X_OK):
        mend = f"Give the user that runs Quell the right to write in {nearest}, or choose another with `--data`."
        return Finding(check="data folder", state="bad", says=f"{nearest} cannot be written", mend=mend)
    free = shutil.disk_usage(nearest).free
    says = f"{path} {'can be written' if path.exists() else 'is made at the first start'}, {_mb(free)} free"
    if free < FREE_BYTES:
        mend = f"Free some space: below {_mb(FREE_BYTES)} the log soon cannot grow."
        return Finding(check="data folder", state="bad", says=says, mend=mend)
    return Finding(check="data folder", state="ok", says=says)


def _log(path: Path) -> Finding:
    """Look at the event log's file."""
    check = "event log"
    try:
        found = inspect(path)
    except StorageCorrupt as error:
        mend = "Choose another folder with `--data`, put back a copy of the file, or run the Quell that wrote it."
        return Finding(check=check, state="bad", says=str(error), mend=mend)
    except StorageError as error:
        mend = f"Let the user that runs Quell read {path}, and look at the disk it is on."
        return Finding(check=check, state="bad", says=str(error), mend=mend)
    if found is None:
        return Finding(check=check, state="ok", says="there is none yet; it is made at the first start")
    owned = f", in use by {found.owner}" if found.owner else ", in use by nobody"
    says = f"format {found.format}, {found.events} events, {_mb(found.size_bytes)}{owned}"
    if found.damaged:
        places = ", ".join(map(str, found.damaged))
        says += f"; not as they were written: the events at position {places}"
        mend = "Put back a copy of the file from before, and look at the disk it is on: it changed what was written."
        return Finding(check=check, state="bad", says=says, mend=mend)
    if found.unchecked:
        says += f"; {found.unchecked} of them have no checksum, written before there were any"
    return Finding(check=check, state="ok", says=says)


async def _address(settings: Settings, client: httpx.AsyncClient) -> Finding:
    """Look at whether the port can be had, or whether Quell has it already."""
    check, host, port = "port", settings.host, settings.port
    if port == 0:
        return Finding(check=check, state="ok", says="the system chooses one at the start")
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - a name for it, not a bind
    url = f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"
    try:
        response = await client.get(f"{url}/healthz", timeout=ANSWER_S)
    except httpx.ConnectError:
        return await asyncio.to_thread(_free, host, port)
    except httpx.HTTPError as error:
        return _taken(url, f"answers with {type(error).__name__}")
    content_type = response.headers.get("content-type", "")
    body = response.json() if "json" in content_type else None
    if not isinstance(body, dict) or "state" not in body:
        return _taken(url, "is no Quell")
    return Finding(check=check, state="ok", says=f"a Quell answers at {url}; it is {body['state']}")


def _taken(url: str, what: str) -> Finding:
    mend = "End the other program, or choose another port with `--port` or QUELL_PORT."
    return Finding(check="port", state="bad", says=f"something listens at {url} that {what}", mend=mend)


def _free(host: str, port: int) -> Finding:
    """Look at whether the address can be had, by having it for a moment; nobody can connect to it meanwhile."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((host, port))
        except OSError as error:
            mend = "Choose an address of this machine and a port above 1023 that nobody uses: `host` and `port`."
            says = f"{host}:{port} cannot be had: {error.strerror}"
            return Finding(check="port", state="bad", says=says, mend=mend)
    return Finding(check="port", state="ok", says=f"{host}:{port} is free")


async def _sources(settings: Settings, client: httpx.AsyncClient) -> list[Finding]:
    """Ask every source of evidence what it sees, once."""
    try:
        scrape, sources = parts.evidence_sources(settings, client, lambda *_: None)
    except ConfigError as error:
        mend = "Correct it below `evidence`; no source is asked before."
        return [Finding(check="evidence", state="bad", says=str(error), mend=mend)]
    if not sources:
        mend = "Name `evidence.targets`, `evidence.logs` or `evidence.changes`: without, no agent can look anywhere."
        return [Finding(check="evidence", state="unknown", says="no source is configured", mend=mend)]
    found = list(await asyncio.gather(*(_source(source) for source in sources)))
    return found + (_targets(scrape) if scrape is not None else []) + _files(settings.evidence.logs)


async def _source(source: EvidenceSource) -> Finding:
    check = f"evidence {source.name}"
    try:
        return Finding(check=check, state="ok", says=await source.check())
    except UpstreamError as error:
        mend = {
            "scrape": "Start the services, or correct the addresses in `evidence.targets`.",
            "logfiles": "Correct the paths in `evidence.logs`, and let Quell read them.",
            "changes": "Correct the path in `evidence.changes`; every deploy appends a line to that file.",
        }.get(source.name, "Correct its settings below `evidence`.")
        return Finding(check=check, state="bad", says=str(error), mend=mend)


def _targets(scrape: ScrapeSource) -> list[Finding]:
    """Return the targets that did not answer, when others did."""
    failing = [state for state in scrape.state() if state.failures]
    if len(failing) == len(scrape.state()):
        return []
    return [
        Finding(
            check=f"evidence scrape {state.service}",
            state="bad",
            says=state.last_error,
            mend=f"Start {state.service}, or correct its address in `evidence.targets`.",
        )
        for state in failing
    ]


def _files(paths: Sequence[Path]) -> list[Finding]:
    """Return the log files that cannot be read, when others can."""
    unread = [path for path in paths if not os.access(path, os.R_OK)]
    if len(unread) == len(paths):
        return []
    return [
        Finding(
            check=f"evidence logfiles {path.name}",
            state="bad",
            says=f"{path} {'cannot be read' if path.exists() else 'is not there'}",
            mend="Correct the path in `evidence.logs`, or let Quell read the file.",
        )
        for path in unread
    ]


def _senders(settings: Settings) -> list[Finding]:
    """Look at who may send alerts: the token of REST is not asked for there."""
    found = []
    for name, sender in settings.ingest.senders.items():
        check, where = f"sender {name}", f"/ingest/{name}"
        given = {"a bearer token": sender.token, "a signature": sender.hmac_secret}
        proofs = [what for what, secret in given.items() if secret is not None]
        mend = f"Set `ingest.senders.{name}.token` or `hmac_secret`, and the same at the sender."
        if proofs:
            found.append(Finding(check=check, state="ok", says=f"{where} wants {' and '.join(proofs)}"))
        elif is_loopback(settings.host):
            says = f"{where} takes alerts from everybody on this machine"
            found.append(Finding(check=check, state="ok", says=says))
        else:
            says = f"{where} takes alerts from everybody who reaches {settings.host}"
            found.append(Finding(check=check, state="bad", says=says, mend=mend))
    return found


def _pushed(settings: Settings) -> Finding:
    """Look at who may push telemetry: the token of REST is not asked for there."""
    check, where, wanted = "pushed telemetry", "/v1/traces and /v1/logs", settings.evidence.otlp
    mend = (
        "Set `evidence.otlp.token`, and the same in the headers of the exporters; or `evidence.otlp.enabled = false`."
    )
    if not wanted.enabled:
        return Finding(check=check, state="ok", says=f"{where} are not there: `evidence.otlp.enabled` is false")
    if wanted.token is not None:
        return Finding(check=check, state="ok", says=f"{where} want a bearer token")
    if is_loopback(settings.host):
        return Finding(check=check, state="ok", says=f"{where} take it from everybody on this machine")
    says = f"{where} take it from everybody who reaches {settings.host}"
    return Finding(check=check, state="bad", says=says, mend=mend)


async def _supervisor(settings: Settings, client: httpx.AsyncClient) -> Finding:
    """Ask the supervisor for its services."""
    check, wanted = "supervisor", settings.actions.supervisor
    if wanted is None:
        mend = "Name `actions.supervisor` if a supervisor is to restart, roll back or switch anything."
        return Finding(check=check, state="unknown", says="none is configured", mend=mend)
    asked = SupervisorClient(client, wanted.url, wanted.token.get_secret_value(), min(settings.actions.timeout_s, 5.0))
    try:
        services = await asked.services()
    except UpstreamError as error:
        mend = "Start the supervisor, or correct `actions.supervisor.url` and `token`."
        return Finding(check=check, state="bad", says=str(error), mend=mend)
    down = [service.name for service in services if not service.up]
    more = f"; not up: {', '.join(down)}" if down else ", all up"
    return Finding(
        check=check, state="ok", says=f"answers at {shown_address(wanted.url)}: {len(services)} services{more}"
    )


def _webhooks(settings: Settings) -> list[Finding]:
    """Look at whether each webhook may be called at all, as the start does; none is called."""
    try:
        entries = runbooks.unchecked(settings)
    except ConfigError:  # the finding of the runbooks says why
        entries = None
    found = []
    for name, faults in webhooks.faults_by_webhook(settings, entries).items():
        check, webhook = f"webhook {name}", settings.actions.webhooks[name]
        if faults:
            mend = f"Correct `actions.webhooks.{name}`, its `services` or addresses, or `actions.allowed_hosts`."
            found.append(Finding(check=check, state="bad", says="; ".join(faults), mend=mend))
            continue
        where, services = place_of(httpx.URL(webhook.url)), ", ".join(webhook.services[:5])
        says = f"{webhook.method} {where} may be called for {services}"
        found.append(Finding(check=check, state="ok", says=says))
    return found


def _dashboard(folder: Path) -> Finding:
    """Look at whether there are pages to serve."""
    missing = [name for name in ("index.html", "ops/index.html", "csp.json") if not (folder / name).is_file()]
    if missing:
        says = f"it is not built: {', '.join(missing)} is missing in {folder}"
        return Finding(check="dashboard", state="bad", says=says, mend="Run `make setup`; REST works without it.")
    return Finding(check="dashboard", state="ok", says=f"built, {len(list(folder.rglob('*.html')))} pages")


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:,.0f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:,.0f} kB"
