"""
Every setting with its type, unit and default; the only reader of the environment.

One TOML file (`--config`), then the environment on top: `QUELL_PORT=8700`, nested names joined by two underscores
(`QUELL_RESPONSE__APPROVAL_S=600`). A secret may come from a file: `QUELL_TOKEN_FILE=/run/secrets/quell`.
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from quell.errors import ConfigError
from quell.settings.environment import unknown_variables
from quell.settings.files import read_small, read_toml
from quell.settings.section import Address, BearerSecret, Filled, FilledPath, KeySecret, Section, check_token
from quell.settings.telemetry import Evidence


class Sender(Section):
    """A source of alerts, reachable at `/ingest/<name>`."""

    kind: Literal["alertmanager", "grafana", "simple"] = Field(description="How it writes its alerts.")
    token: BearerSecret | None = Field(default=None, description="Bearer token it must send.")
    hmac_secret: KeySecret | None = Field(default=None, description="Key of the HMAC-SHA256 signature it must send.")


class Ingest(Section):
    """What is taken in, and how much of it."""

    senders: dict[Filled, Sender] = Field(
        default_factory=lambda: {
            "alertmanager": Sender(kind="alertmanager"),
            "grafana": Sender(kind="grafana"),
            "alerts": Sender(kind="simple"),
        },
        description="Sources of alerts by name.",
    )
    body_bytes: int = Field(default=4 * 1024 * 1024, gt=0, description="Largest body taken, in bytes.")
    alerts_per_body: int = Field(default=10_000, gt=0, description="Most alerts in one body.")
    requests_per_s: int = Field(default=20_000, gt=0, description="Requests per second and source, then 429.")
    severities: dict[Filled, Literal["critical", "error", "warning", "info"]] = Field(
        default_factory=dict,
        description="What the words of this site for a severity count as; they go before the published ones.",
    )


class Correlation(Section):
    """Which incident an alert joins."""

    window_s: float = Field(
        default=300.0, gt=0, description="An alert joins an incident up to this long after its last."
    )
    reopen_s: float = Field(default=600.0, ge=0, description="An incident that ended this recently is reopened.")
    settle_s: float = Field(
        default=300.0, ge=0, description="Alerts may go on repeating this long after an incident was resolved."
    )
    threshold: float = Field(
        default=1.0, gt=0, description="Weight that opens an incident: critical 1, error 1, warning 0.5, info 0."
    )
    flapping_changes: int = Field(default=4, ge=2, description="Changes within the window that make an alert flapping.")
    flapping_window_s: float = Field(default=600.0, gt=0, description="The window for flapping, in seconds.")
    labels: tuple[Filled, ...] = Field(
        default=(
            "alertname",
            "cluster",
            "namespace",
            "region",
            "zone",
            "node",
            "host",
            "instance",
            "database",
            "queue",
        ),
        description="Labels that tie alerts of unrelated services together when the values of two of them agree.",
    )
    drill_label: str = Field(
        default="environment=lab",
        pattern=r"^([^=]+=.+)?$",
        description="Alerts with this label, `name=value`, are a drill's; empty for none.",
    )

    @model_validator(mode="after")
    def _settles_before_it_reopens(self) -> Self:
        if "settle_s" in self.model_fields_set and self.settle_s > self.reopen_s:
            raise ValueError(
                f"settle_s is {self.settle_s:g} and reopen_s {self.reopen_s:g}: an incident that is not reopened any "
                "more has nothing to settle; settle_s must be at most reopen_s"
            )
        return self


class Response(Section):
    """How agents work on an incident."""

    at_once: int = Field(default=4, gt=0, description="Phases that run at the same time; others wait their turn.")
    approval_s: float = Field(default=900.0, gt=0, description="How long a question to a person stays open.")
    verify_within_s: float = Field(default=90.0, gt=0, description="No recovery by then is no recovery.")
    look_again_s: float = Field(
        default=300.0,
        ge=15,
        description="Longest wait between two looks at an incident of which no sign or no cause was found, while its "
        "alerts fire; the first come after 15 s, 30 s, 1 and 2 minutes.",
    )
    believed: float = Field(
        default=0.5, ge=0, lt=1, description="Least probability of a cause that Quell stands behind and acts on."
    )
    steady_readings: int = Field(default=6, ge=2, description="Readings in range, in a row, that count as recovered.")
    hold_out: float = Field(
        default=0.0,
        ge=0,
        le=0.5,
        description="Share of incidents, drawn by lot, in which an action is only recommended, to measure savings by "
        "what they last without it.",
    )


class Limits(Section):
    """What is out of range whatever a service's past was."""

    error_ratio: float = Field(
        default=0.05, gt=0, le=1, description="Share of requests that fail, above which a service is in trouble."
    )
    full: float = Field(
        default=0.95, gt=0, le=1, description="Share of a disk or a connection pool in use, above which it is full."
    )


class Outcomes(Section):
    """The figures that managers see."""

    exact: int = Field(
        default=1_000,
        ge=100,
        le=20_000,
        description="Imported incidents that are kept one by one, the newest; figures over more come from daily sums.",
    )


class Watch(Section):
    """The standing watch: it looks at the telemetry whether an alert fires or not."""

    enabled: bool = Field(default=True, description="Look.")
    every_s: float = Field(default=3.0, ge=1, le=300, description="Seconds between two looks.")
    horizon_s: float = Field(
        default=1800.0, gt=0, le=86_400, description="A limit that is reached later than this is no case yet."
    )
    trouble_s: float = Field(
        default=60.0,
        ge=10,
        description="Trouble that users feel opens an incident when it lasts so long and no alert came, in seconds.",
    )

    @model_validator(mode="after")
    def _looks_while_it_lasts(self) -> Self:
        if self.trouble_s < self.every_s:
            raise ValueError(
                f"trouble_s is {self.trouble_s:g} and every_s {self.every_s:g}: trouble is seen to last only from one "
                "look to the next; trouble_s must be at least every_s"
            )
        return self


class Live(Section):
    """The live channel to dashboards."""

    connections: int = Field(
        default=20_000, gt=0, description="Live connections at once; one more is told to come back."
    )
    compress: bool = Field(
        default=False, description="Agree to permessage-deflate with clients that offer it; costs CPU, saves network."
    )
    processes: int = Field(
        default=1, ge=1, le=64, description="Processes that hold live connections; all listen on the one port."
    )


class Rule(Section):
    """What Quell may do by itself; the first rule that matches counts."""

    action: Filled = Field(default="*", description="Action, `*` for any.")
    service: Filled = Field(default="*", description="Service, `*` for any.")
    autonomy: Literal["observe", "recommend", "approve", "auto", "earned"] = Field(
        description="What is allowed; `earned`: what the action's own record has earned, up to `auto`."
    )


class Http(Section):
    """Connections that are no live ones, and how long clients are waited for."""

    connections: int = Field(
        default=5_000, gt=0, description="Connections at once, fewer where the limit on open files is low; then 503."
    )
    waiting_per_address: int = Field(
        default=1_000,
        ge=0,
        description="Connections of one address that have sent no whole request yet; then 429. 0: no bound.",
    )
    head_s: float = Field(default=10.0, gt=0, le=600, description="Seconds for the head of a request; then 408.")
    body_s: float = Field(default=30.0, gt=0, le=3600, description="Seconds for the body of a request; then 408.")


class Policy(Section):
    """Autonomy per action and service."""

    rules: tuple[Rule, ...] = Field(default=(), description="In order.")
    default: Literal["observe", "recommend", "approve", "auto"] = Field(
        default="approve", description="When no rule matches."
    )
    kinds: dict[Filled, Filled] = Field(
        default_factory=dict,
        description="Kind of service by name, `*` for any: what an action earns on one counts for all of its kind.",
    )


class Switch(Section):
    """A flag that chooses between parties a service depends on."""

    flag: Filled = Field(description="Name of the flag.")
    values: tuple[Filled, ...] = Field(min_length=2, description="What it may be set to, in order of preference.")
    dependency: Filled = Field(description="What telemetry calls the party behind it.")


class Supervisor(Section):
    """A process supervisor with the lab's control interface."""

    url: Address = Field(description="Its address.")
    token: BearerSecret = Field(description="Its bearer token for actions.")
    switches: tuple[Switch, ...] = Field(default=(), description="Flags that get away from a slow dependency.")


class Webhook(Section):
    """An action that is one HTTP call to an allow-listed address."""

    url: str = Field(description="Address; never built from what an alert says.")
    services: tuple[Filled, ...] = Field(
        default=(),
        description="Services it changes, by name or pattern; it is never called for another. Must be set.",
    )
    method: Literal["POST", "PUT"] = Field(default="POST", description="Method.")
    dry_run_url: str | None = Field(
        default=None, description="Answers 2xx when the action is possible; an address of its own that changes nothing."
    )
    verify_url: str | None = Field(default=None, description="Answers 2xx when the change is in place.")
    undo_url: str | None = Field(default=None, description="Takes it back.")
    token: BearerSecret | None = Field(default=None, description="Bearer token it is sent.")
    secret_path: bool = Field(
        default=False, description="Path and query of its addresses are a secret: plans and errors show `***` instead."
    )
    causes: tuple[str, ...] = Field(default=(), description="Causes it mends: `bad_release`, `memory_leak` ...")
    expected: str = Field(default="the indicators return to their normal range", description="What one should see.")
    risk: str = Field(default="not described", description="What can go wrong.")


class Actions(Section):
    """What Quell can change."""

    supervisor: Supervisor | None = Field(default=None, description="Process supervisor.")
    webhooks: dict[Filled, Webhook] = Field(default_factory=dict, description="HTTP actions by name.")
    allowed_hosts: tuple[Filled, ...] = Field(
        default=(), description="Hosts that webhooks may call: `host`, or `host:port`. Nothing else is ever called."
    )
    timeout_s: float = Field(default=15.0, gt=0, description="Longest wait for one call of an action.")
    runbooks: FilledPath | None = Field(
        default=None, description="Folder of your own runbooks; one takes the place of a shipped one of its name."
    )


class Lab(Section):
    """The shop of real processes that `quell serve --lab` starts beside Quell."""

    enabled: bool = Field(default=False, description="Start it.")
    drills: Literal["auto", "none"] = Field(default="auto", description="`auto`: faults happen by themselves.")
    seed: int | None = Field(default=None, description="Makes the order of faults repeatable.")


class Settings(BaseSettings):
    """All of it."""

    model_config = SettingsConfigDict(
        env_prefix="QUELL_", env_nested_delimiter="__", extra="forbid", frozen=True, secrets_dir=None
    )

    data_dir: FilledPath = Field(default=Path(".quell"), description="Where Quell keeps its log and state.")
    host: str = Field(default="127.0.0.1", description="Address to listen on; any but loopback needs a token.")
    port: int = Field(default=8700, ge=0, le=65535, description="Port to listen on; 0 lets the system choose.")
    token: BearerSecret | None = Field(default=None, description="Bearer token for REST and WebSocket.")
    token_file: FilledPath | None = Field(default=None, description="File that holds the token instead.")
    allowed_hosts: tuple[Filled, ...] = Field(
        default=(), description="Further names by which browsers may reach Quell; loopback names always may."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least that is logged.")
    evidence: Evidence = Field(default_factory=Evidence)
    ingest: Ingest = Field(default_factory=Ingest)
    correlation: Correlation = Field(default_factory=Correlation)
    response: Response = Field(default_factory=Response)
    limits: Limits = Field(default_factory=Limits)
    outcomes: Outcomes = Field(default_factory=Outcomes)
    watch: Watch = Field(default_factory=Watch)
    live: Live = Field(default_factory=Live)
    http: Http = Field(default_factory=Http)
    policy: Policy = Field(default_factory=Policy)
    actions: Actions = Field(default_factory=Actions)
    lab: Lab = Field(default_factory=Lab)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment counts more than the file, which comes in as init arguments."""
        return env_settings, init_settings

    def access_token(self) -> str | None:
        """Return the token that REST and WebSocket ask for, or None when they ask for none. Raises: ConfigError."""
        if self.token is not None:
            return self.token.get_secret_value()
        if self.token_file is None:
            return None
        try:
            return check_token(read_small(self.token_file).strip())
        except (ConfigError, ValueError) as error:
            shown = "" if isinstance(error, ConfigError) else f"{self.token_file}: "
            raise ConfigError(f"token_file {shown}{error}") from error


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load(path: Path | None = None, **over: Any) -> Settings:
    """
    Read the settings: defaults, then the TOML file, then the environment, then `over` (checked by the command line).

    Raises: ConfigError: one line for each setting that is wrong.
    """
    settings, faults = read(path, **over)
    if faults:
        raise ConfigError(*faults)
    return settings


def read(path: Path | None = None, **over: Any) -> tuple[Settings, list[str]]:
    """
    Read the settings as `load`; return them with the faults that do not keep them from being looked at further.

    Raises: ConfigError: they cannot be read.
    """
    values: dict[str, Any] = {}
    if path is not None:
        values = read_toml(path)
    faults = unknown_variables(os.environ, Settings)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise ConfigError(*faults, *map(_say, error.errors())) from error
    except SettingsError as error:
        raise ConfigError(*faults, f"the environment, where lists and tables are JSON: {error}") from error
    settings = settings.model_copy(update={name: value for name, value in over.items() if value is not None})
    if not is_loopback(settings.host) and settings.token is None and settings.token_file is None:
        faults.append(
            f"host {settings.host} can be reached from other machines: set QUELL_TOKEN (or QUELL_TOKEN_FILE) first"
        )
    return settings, faults


def _say(problem: Any) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{place}: there is no such setting"
    if problem["type"] == "string_pattern_mismatch" and not str(problem["input"]).strip():
        return f"{place}: it is blank"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
