"""Changes of what a running service is told: its configuration, its flags."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from quell.actions.process.change import Callers, Impossible, Params, ProcessChange, no_callers
from quell.actions.process.supervisor import Service, SupervisorClient
from quell.errors import ActionFailed


class RollBackConfig(ProcessChange):
    """Puts the service's configuration back to the revision before."""

    name = "roll_back_config"
    verb = "roll_back_config"
    expected = "The service runs with the configuration it had before the last change of it"
    risk = "All values that the last change touched go back, the good ones too."
    undo_is = "The values there were before the roll-back are set again."
    undo_verb = "set_config"
    relative = True
    pins = ("values", "values_before")

    def pin(self, now: Service, params: Params) -> Params:
        """Name the values that differ between the revisions, before and after."""
        if self._is_pinned(params):
            return params
        if now.previous_config is None:
            raise Impossible(f"{now.name} has no revision of its configuration before {now.config_revision}")
        before, after = now.config, now.previous_config
        changed = sorted(k for k in before.keys() | after.keys() if before.get(k) != after.get(k))
        if not changed:
            raise Impossible(f"the configuration of {now.name} is that of the revision before")
        return {
            **params,
            "values": _text({k: after.get(k) for k in changed}),
            "values_before": _text({k: before.get(k) for k in changed}),
        }

    def moved(self, now: Service, pinned: Params) -> str:
        """A value that is neither that before nor that after."""
        before, after = _values(pinned["values_before"]), _values(pinned["values"])
        other = (k for k, v in after.items() if now.config.get(k) not in (v, before.get(k)))
        return ", ".join(f"{k} is {_text(now.config.get(k))}" for k in other)

    def step(self, service: str, pinned: Params) -> str:
        """Say it, value by value."""
        before, after = _values(pinned["values_before"]), _values(pinned["values"])
        told = ", ".join(f"{k} {_text(before.get(k))} → {_text(v)}" for k, v in after.items())
        return f"{service}: {told}"

    def body(self, pinned: Params) -> Mapping[str, object]:
        """Ask for the revision before."""
        return {}

    def in_place(self, now: Service, pinned: Params) -> bool:
        """The earlier values hold."""
        return _holds(now.config, _values(pinned["values"]))

    def inverse(self, pinned: Params) -> Params:
        """The other way."""
        return {"values": pinned["values_before"], "values_before": pinned["values"]}

    async def take_back(self, service: str, inverse: Params, *, key: str) -> str:
        """Set the values there were, one after the other."""
        done: list[str] = []
        for name, value in _values(inverse["values"]).items():
            try:
                await self._set(service, name, value, key=f"{key}/{name}")
            except ActionFailed as error:
                raise ActionFailed(f"{error}; set before that: {', '.join(done) or 'nothing'}") from error
            done.append(f"{name} = {_text(value)}")
        return f"set again on {service}: {', '.join(done)}"

    async def _set(self, service: str, name: str, value: object, *, key: str) -> None:
        if value is None:
            raise ActionFailed(f"{name} was not set on {service} before, and the supervisor cannot unset a value")
        await self._supervisor.change(
            service,
            "set_config",
            {"key": name, "value": value},
            key=key,
            in_place=lambda s: _holds(s.config, {name: value}),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagSwitch:
    """A flag that chooses between parties a service depends on, as the settings name it."""

    flag: str
    values: tuple[str, ...]
    """What it may be set to, in order of preference."""
    dependency: str
    """What telemetry calls the party behind it: `bank`."""


class SwitchFlag(ProcessChange):
    """
    Sets a flag of the service to another value.

    Params: `name` and `value`, or `dependency`: what telemetry calls the party to get away from; what is left open
    is filled from `switches` and the service's state.
    """

    name = "switch_flag"
    verb = "flag"
    expected = "The service uses the other party from its next request on"
    risk = "The other party gets all of the requests; what it charges or cannot do holds from now on."
    undo_is = "The flag is set back to the value it had."
    pins = ("name", "value", "from")
    takes: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("name", "value", "dependency"), "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
    )

    def __init__(
        self, supervisor: SupervisorClient, *, switches: Sequence[FlagSwitch] = (), callers: Callers = no_callers
    ) -> None:
        super().__init__(supervisor, callers=callers)
        self._switches = tuple(switches)

    def pin(self, now: Service, params: Params) -> Params:
        """Name the flag and both values."""
        switch = self._switch(now, params)
        name = switch.flag
        if name not in now.flags:
            raise Impossible(f"{now.name} has no flag {name!r}")
        before = params.get("from", str(now.flags[name]))
        value = params.get("value") or next((v for v in switch.values if v != before), None)
        if value is None or value == before:
            raise Impossible(f"flag {name!r} of {now.name} is {before!r}, and there is no other value to switch to")
        if switch.values and value not in switch.values:
            raise Impossible(f"flag {name!r} may be one of {', '.join(switch.values)}, not {value!r}")
        return {**params, "name": name, "value": value, "from": before}

    def _switch(self, now: Service, params: Params) -> FlagSwitch:
        """Return which flag the params mean."""
        if name := params.get("name"):
            known = (switch for switch in self._switches if switch.flag == name)
            return next(known, FlagSwitch(flag=name, values=(), dependency=""))
        words = re.findall(r"[\w.-]+", params.get("dependency", "").lower())
        here = [switch for switch in self._switches if switch.flag in now.flags]
        for switch in here:
            if not words or any(_names(word, switch.dependency.lower()) for word in words):
                return switch
        meant = f" for {params['dependency'][:80]!r}" if words else ""
        raise Impossible(f"{now.name} has no flag that chooses another party{meant}")

    def moved(self, now: Service, pinned: Params) -> str:
        """A third value."""
        held = str(now.flags.get(pinned["name"]))
        return "" if held in {pinned["from"], pinned["value"]} else f"flag {pinned['name']} is {held!r}"

    def step(self, service: str, pinned: Params) -> str:
        """Say it."""
        return f"{service}: flag {pinned['name']} {pinned['from']} → {pinned['value']}"

    def body(self, pinned: Params) -> Mapping[str, object]:
        """Name the flag and its new value."""
        return {"name": pinned["name"], "value": pinned["value"]}

    def in_place(self, now: Service, pinned: Params) -> bool:
        """The flag has the new value."""
        return str(now.flags.get(pinned["name"])) == pinned["value"]

    def inverse(self, pinned: Params) -> Params:
        """The other way."""
        return {"name": pinned["name"], "value": pinned["from"], "from": pinned["value"]}

    async def take_back(self, service: str, inverse: Params, *, key: str) -> str:
        """Set the value it had."""
        return await self._supervisor.change(
            service, self.verb, self.body(inverse), key=key, in_place=lambda s: self.in_place(s, inverse)
        )


def _names(word: str, dependency: str) -> bool:
    """Whether a word names a dependency or one of its instances: `bank`, `bank-a`."""
    return bool(dependency) and (word == dependency or word.startswith((f"{dependency}-", f"{dependency}.")))


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _values(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise Impossible(f"the params hold values that are no JSON: {text[:80]!r}") from error
    if not isinstance(values, dict):
        raise Impossible(f"the params hold values without names: {text[:80]!r}")
    return values


def _holds(config: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    return all(config.get(name) == value for name, value in values.items())
