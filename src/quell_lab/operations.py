"""What people and Quell can do to the shop: each change is waited for, and written to the deploy log."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from quell.errors import ActionFailed, Conflict, Malformed, NotFound, TimedOut, UpstreamError
from quell_lab import disk
from quell_lab.http.client import Address, Client
from quell_lab.roster import SERVICES, Setting
from quell_lab.supervisor import INSIDE, Revision, Supervisor, Unit

MAX_POOL = 64
UP_S = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a change did."""

    before: object
    after: object
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of a service that a change can alter."""

    versions: tuple[str, ...]
    revisions: tuple[Revision, ...]
    flags: Mapping[str, str]
    pool_size: int | None

    @classmethod
    def of(cls, unit: Unit) -> Settings:
        """Return a unit's present settings."""
        return cls(
            versions=tuple(unit.versions),
            revisions=tuple(unit.revisions),
            flags=dict(unit.flags),
            pool_size=unit.pool_size,
        )


class Operations:
    """Changes to services. `by` is who does it: ci, ops or quell."""

    def __init__(self, supervisor: Supervisor) -> None:
        self.supervisor = supervisor

    def unit(self, name: str) -> Unit:
        """Return a service of the shop; raise `NotFound`."""
        if name not in SERVICES:
            raise NotFound(f"no service {name[:60]!r}; there is {', '.join(SERVICES)}")
        return self.supervisor.units[name]

    async def restart(self, name: str, *, by: str) -> Outcome:
        """Replace the process. Raises: ActionFailed, TimedOut."""
        unit = self.unit(name)
        async with unit.lock:
            at, before = _now(), f"pid {unit.current.pid}" if unit.current else unit.state
            running = await self.supervisor.replace(unit)
            after = f"pid {running.pid}"
            self._record(unit, "restart", "process", before, after, by, at)
        return Outcome(before=before, after=after, output=f"{name} restarted: {before} -> {after}")

    async def deploy(self, name: str, version: str, *, by: str) -> Outcome:
        """Run another release that exists. Raises: NotFound, Conflict, ActionFailed, TimedOut."""
        unit = self.unit(name)
        self.supervisor.releases.file(name, unit.member.module, version)
        async with unit.lock:
            if unit.version == version:
                raise Conflict(f"{name} already runs {version}")
            return await self._run_versions(unit, [*unit.versions, version], by)

    async def roll_back(self, name: str, to: str | None = None, *, by: str) -> Outcome:
        """Run the release before this one, or an earlier one. Raises: NotFound, Conflict, ActionFailed, TimedOut."""
        unit = self.unit(name)
        async with unit.lock:
            earlier = unit.versions[:-1]
            if to == unit.version:
                raise Conflict(f"{name} already runs {to}")
            if not earlier:
                raise Conflict(f"{name} has no release before {unit.version}")
            if to is not None and to not in earlier:
                raise NotFound(f"{name} did not run {to} before {unit.version}; it ran {', '.join(earlier)}")
            last = len(earlier) if to is None else len(earlier) - earlier[::-1].index(to)
            return await self._run_versions(unit, earlier[:last], by)

    async def _run_versions(self, unit: Unit, versions: list[str], by: str) -> Outcome:
        """Run the last of `versions`; if it does not come up, the process before goes on."""
        at, kept, before = _now(), unit.versions, unit.version
        unit.versions = versions
        try:
            await self.supervisor.replace(unit)
        except ActionFailed:
            unit.versions = kept
            raise
        self._record(unit, "deploy", "release", before, unit.version, by, at)
        return Outcome(before=before, after=unit.version, output=f"{unit.name}: release {before} -> {unit.version}")

    async def set_config(self, name: str, key: str, value: object, *, by: str) -> Outcome:
        """Change one configuration value. Raises: NotFound, Malformed, Conflict, UpstreamError."""
        unit = self.unit(name)
        if key not in unit.config:
            raise NotFound(f"{name} has no setting {key[:60]!r}; it has {', '.join(unit.config)}")
        async with unit.lock:
            wanted = _like(unit.config[key], value, key)
            if unit.config[key] == wanted:
                raise Conflict(f"{key} of {name} is {wanted!r} already")
            unit.revision_count += 1
            revision = Revision(number=unit.revision_count, values={**unit.config, key: wanted})
            return await self._configure(unit, [*unit.revisions, revision], by)

    async def roll_back_config(self, name: str, *, by: str) -> Outcome:
        """Return to the configuration before this one. Raises: NotFound, Conflict, UpstreamError."""
        unit = self.unit(name)
        async with unit.lock:
            if len(unit.revisions) < 2:
                raise Conflict(f"{name} has no configuration before revision {unit.revisions[-1].number}")
            return await self._configure(unit, unit.revisions[:-1], by)

    async def _configure(self, unit: Unit, revisions: list[Revision], by: str) -> Outcome:
        """Put the last of `revisions` in force."""
        at, kept, old, new = _now(), unit.revisions, unit.config, revisions[-1].values
        unit.revisions = revisions
        try:
            await self.supervisor.settle(unit)
        except UpstreamError:
            unit.revisions = kept
            raise
        changed = [key for key in new if new[key] != old.get(key)]
        for key in changed:
            self._record(unit, "config", key, old.get(key), new[key], by, at)
        says = ", ".join(f"{key} {old.get(key)} -> {new[key]}" for key in changed)
        output = f"{unit.name}: configuration revision {revisions[-1].number}: {says or 'no value differs'}"
        before, after = {key: old.get(key) for key in changed}, {key: new[key] for key in changed}
        return Outcome(before=before, after=after, output=output)

    async def scale_pool(self, name: str, size: int, *, by: str) -> Outcome:
        """Change how many connections to the store a service may use. Raises: NotFound, Malformed, UpstreamError."""
        unit = self.unit(name)
        if unit.pool_size is None:
            raise Conflict(f"{name} has no pool")
        if not 1 <= size <= MAX_POOL:
            raise Malformed(f"a pool has 1 to {MAX_POOL} connections, not {size}")
        async with unit.lock:
            at, before, unit.pool_size = _now(), unit.pool_size, size
            try:
                await self.supervisor.settle(unit)
            except UpstreamError:
                unit.pool_size = before
                raise
            self._record(unit, "scale", "pool", before, size, by, at)
        return Outcome(before=before, after=size, output=f"{name}: pool {before} -> {size} connections")

    async def switch_flag(self, name: str, flag: str, value: str, *, by: str) -> Outcome:
        """Set a flag. Raises: NotFound, Malformed, UpstreamError."""
        unit = self.unit(name)
        choices = unit.member.flags.get(flag)
        if choices is None:
            raise NotFound(f"{name} has no flag {flag[:60]!r}; it has {', '.join(unit.member.flags) or 'none'}")
        if value not in choices:
            raise Malformed(f"{flag} can be {' or '.join(choices)}, not {value[:60]!r}")
        async with unit.lock:
            at, before, unit.flags[flag] = _now(), unit.flags[flag], value
            try:
                await self.supervisor.settle(unit)
            except UpstreamError:
                unit.flags[flag] = before
                raise
            self._record(unit, "flag", flag, before, value, by, at)
        return Outcome(before=before, after=value, output=f"{name}: flag {flag} {before} -> {value}")

    async def flush_cache(self, name: str, *, by: str) -> Outcome:
        """Empty a service's cache; a service that is down is started at once. Raises: NotFound, UpstreamError."""
        unit = self.unit(name)
        folder = self.supervisor.data / INSIDE / "cache" / name
        if not folder.is_dir():
            raise Conflict(f"{name} has no cache")
        at, entries = _now(), sorted(folder.glob("*.json"))
        for path in entries:
            path.unlink(missing_ok=True)
        left = self.cache_entries(name)
        self._record(unit, "cache", "entries", len(entries), left, by, at)
        unit.hurry.set()
        await self._up(unit)
        return Outcome(before=len(entries), after=left, output=f"{name}: {len(entries)} cache entries removed")

    async def clear_disk(self, name: str, *, by: str) -> Outcome:
        """Remove the exports from a service's disk. Raises: NotFound, Conflict."""
        unit = self.unit(name)
        if unit.member.disk_quota_bytes is None:
            raise Conflict(f"{name} has no disk of its own")
        async with unit.lock:
            at, before = _now(), self.disk_used_bytes(name)
            count, _ = disk.clear(self._disk(name))
            after = self.disk_used_bytes(name)
            unit.cleared += 1
            self._record(unit, "disk", "used_bytes", before, after, by, at)
        return Outcome(before=before, after=after, output=f"{name}: {count} files removed, {before} -> {after} bytes")

    def disk_used_bytes(self, name: str) -> int | None:
        """Return what a service's files take; None if it has no disk of its own."""
        if self.unit(name).member.disk_quota_bytes is None:
            return None
        return sum(size for _, size in disk.files(self._disk(name)))

    def _disk(self, name: str) -> Path:
        return self.supervisor.data / INSIDE / "disk" / name

    async def stop_neighbour(self, name: str, *, by: str) -> Outcome:
        """End another department's process on a service's host. Raises: NotFound, Conflict."""
        unit = self.unit(name)
        at, before = _now(), unit.host.neighbours
        gone = await unit.host.evict()
        if gone is None:
            raise Conflict(f"nothing but {name} runs on its host")
        self._record(unit, "host", "neighbours", ", ".join(before), "", by, at)
        return Outcome(before=before, after=unit.host.neighbours, output=f"{gone} ended on the host of {name}")

    def cache_entries(self, name: str) -> int | None:
        """Return how many entries a service's cache has; None if it has no cache."""
        folder = self.supervisor.data / INSIDE / "cache" / name
        return sum(1 for _ in folder.glob("*.json")) if folder.is_dir() else None

    def describe(self, name: str) -> dict[str, object]:
        """Return a service as the control interface shows it."""
        unit = self.unit(name)
        return {
            "name": name,
            "version": unit.version,
            "previous_version": unit.versions[-2] if len(unit.versions) > 1 else None,
            "state": unit.state,
            "pid": unit.current.pid if unit.current else None,
            "restarts": unit.restarts,
            "pool_size": unit.pool_size,
            "flags": dict(unit.flags),
            "config": dict(unit.config),
            "config_revision": unit.revisions[-1].number,
            "previous_config": dict(unit.revisions[-2].values) if len(unit.revisions) > 1 else None,
            "cache_entries": self.cache_entries(name),
            "disk_used_bytes": self.disk_used_bytes(name),
            "disk_quota_bytes": unit.member.disk_quota_bytes,
            "neighbours": unit.host.neighbours,
        }

    def snapshot(self) -> dict[str, Settings]:
        """Return the settings of every service."""
        return {name: Settings.of(self.supervisor.units[name]) for name in SERVICES}

    async def restore(self, name: str, settings: Settings, *, by: str) -> None:
        """Bring a service back to earlier settings, whatever was done since. Raises: ActionFailed, UpstreamError."""
        unit = self.unit(name)
        async with unit.lock:
            if unit.version != settings.versions[-1]:
                await self._run_versions(unit, list(settings.versions), by)
            unit.versions = list(settings.versions)
            if dict(unit.config) != dict(settings.revisions[-1].values):
                await self._configure(unit, list(settings.revisions), by)
            unit.revisions = list(settings.revisions)
        for flag, value in settings.flags.items():
            if unit.flags[flag] != value:
                await self.switch_flag(name, flag, value, by=by)
        if settings.pool_size is not None and unit.pool_size != settings.pool_size:
            await self.scale_pool(name, settings.pool_size, by=by)

    async def _up(self, unit: Unit) -> None:
        """Wait, bounded, until a service answers. Raises: UpstreamError."""
        client = Client()
        try:
            async with asyncio.timeout(UP_S):
                await unit.seated.wait()
            await client.request("GET", Address(port=unit.port), "/healthz", timeout_s=1.0)
        except TimeoutError as error:
            raise TimedOut(f"{unit.name} did not come up within {UP_S:.0f} s") from error
        finally:
            client.close()

    def _record(self, unit: Unit, kind: str, what: str, before: object, after: object, by: str, at: datetime) -> None:
        """Write a change to the deploy log."""
        self.supervisor.changes.record(unit.name, kind=kind, what=what, before=before, after=after, by=by, at=at)


def _now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def _like(present: Setting, value: object, key: str) -> Setting:
    """Return a new value in the type of the present one; raise `Malformed`."""
    if isinstance(present, str):
        return str(value)
    try:
        return int(str(value))
    except ValueError as error:
        raise Malformed(f"{key} is a whole number, not {str(value)[:60]!r}") from error
