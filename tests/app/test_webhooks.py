"""What webhooks of the settings are refused: for nobody, for two at once, or calling what they should not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from quell.app.runbooks import in_use, shelf
from quell.app.webhooks import check_calls
from quell.errors import ConfigError
from quell.settings import Settings

SUPERVISOR = {"url": "http://127.0.0.1:1", "token": "t"}


def settings(*, own: Path | None = None, more: dict[str, Any] | None = None, **webhooks: dict[str, Any]) -> Settings:
    actions = {"webhooks": webhooks, "allowed_hosts": ["hooks"], **({"runbooks": own} if own else {})}
    return Settings.model_validate({"actions": {**actions, **(more or {})}})


def hook(*services: str, causes: tuple[str, ...] = ("memory_leak",), **more: str) -> dict[str, Any]:
    return {"url": "http://hooks/run", "services": services, "causes": causes, **more}


def runbook(folder: Path, name: str, *steps: str, match: str = "", **more: str) -> Path:
    text = "".join(f'{key} = "{name}"\n' for key in ("name", "title", "why", "expected", "undo"))
    text += 'version = "1"\n' + "".join(f"{key} = {value}\n" for key, value in {"risk": '"medium"', **more}.items())
    text += f'[match]\ncauses = ["memory_leak"]\n{match}\n' + "".join(f'[[steps]]\naction = "{one}"\n' for one in steps)
    (folder / f"{name}.toml").write_text(text)
    return folder


def test_a_webhook_that_names_no_service_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"actions\.webhooks\.restart\.services: must name the services"):
        shelf(settings(restart=hook()))


@pytest.mark.parametrize("services", [("",), (" ",), ("orders", "")])
def test_a_webhook_that_names_a_blank_service_is_refused(services: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match=r"actions\.webhooks\.restart\.services\.\d"):
        settings(restart=hook(*services))


def test_a_webhook_that_nothing_would_ever_call_is_refused(tmp_path: Path) -> None:
    given = {"page": hook("orders", causes=())}

    with pytest.raises(ConfigError, match=r"actions\.webhooks\.page\.causes: is empty, and no runbook names"):
        shelf(settings(**given))
    assert shelf(settings(own=runbook(tmp_path, "mine", "page"), **given))


@pytest.mark.parametrize(
    ("one", "other", "example"),
    [
        (("orders",), ("orders",), "orders"),
        (("orders*",), ("*-api",), "orders-api"),
        (("*",), ("orders",), "orders"),
        (("*",), ("*",), "a"),
        (("cart", "orders"), ("payment", "ord*"), "orders"),
    ],
)
def test_two_webhooks_for_the_same_service_and_cause_are_refused(
    one: tuple[str, ...], other: tuple[str, ...], example: str
) -> None:
    with pytest.raises(ConfigError, match="both fit memory_leak of service") as caught:
        shelf(settings(a=hook(*one), b=hook(*other, causes=("crash_loop", "memory_leak"))))

    assert f"actions.webhooks.a and actions.webhooks.b both fit memory_leak of service {example!r}" in str(caught.value)


def test_the_example_is_a_service_that_the_settings_name_where_one_fits() -> None:
    given = settings(a=hook("orders*"), b=hook("*-api"))
    edges = {"edges": [["edge", "orders-eu-api"]]}

    with pytest.raises(ConfigError, match="'orders-eu-api'"):
        shelf(given.model_copy(update={"evidence": Settings.model_validate({"evidence": edges}).evidence}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (hook("orders"), hook("payment")),
        (hook("orders*"), hook("payment*")),
        (hook("orders"), hook("orders", causes=("crash_loop",))),
    ],
)
def test_webhooks_for_other_services_or_causes_are_fine(one: dict[str, Any], other: dict[str, Any]) -> None:
    names = {book.name for book in in_use(shelf(settings(a=one, b=other)))}

    assert {f"webhook-{name}" for name, of in (("a", one), ("b", other)) if of["causes"]} <= names


def test_a_runbook_that_says_which_comes_first_tells_two_webhooks_apart(tmp_path: Path) -> None:
    both = {"a": hook("orders"), "b": hook("orders")}

    assert shelf(settings(own=runbook(tmp_path, "first-a", "a", "b"), **both))


@pytest.mark.parametrize(
    "more",
    [
        {"weight": "0.5", "match": 'services = ["orders"]'},
        {"risk": '"low"', "match": 'services = ["orders"]'},
        {"match": 'services = ["orders"]\nkinds = ["store"]'},
        {"match": 'services = ["orders"]\nlabels = { zone = "a" }'},
    ],
)
def test_runbooks_that_prefer_one_webhook_tell_it_apart(more: dict[str, str], tmp_path: Path) -> None:
    own = runbook(tmp_path, "webhook-a", "a", **more)

    assert shelf(settings(own=own, a=hook("orders"), b=hook("orders")))


def test_a_runbook_without_services_is_held_to_those_of_its_webhook(tmp_path: Path) -> None:
    own = runbook(runbook(tmp_path, "one", "a"), "two", "b")

    assert shelf(settings(own=own, a=hook("orders", causes=()), b=hook("payment", causes=())))
    with pytest.raises(ConfigError, match="nothing tells them apart"):
        shelf(settings(own=own, a=hook("orders", causes=()), b=hook("ord*", causes=())))


def test_a_webhook_called_as_a_change_of_the_supervisor_is_refused_where_there_is_one() -> None:
    with pytest.raises(ConfigError, match=r"actions\.webhooks\.restart: the supervisor has a change of that name"):
        shelf(settings(restart=hook("orders"), more={"supervisor": SUPERVISOR}))

    assert shelf(settings(restart=hook("orders")))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"dry_run_url": "http://hooks/run"}, "the address of the dry run is that of the change itself"),
        ({"verify_url": "http://hooks/run/"}, "the address of verify is that of the change itself"),
        ({"undo_url": "http://hooks:80/run"}, "the call of undo is that of the change itself"),
        ({"undo_url": "http://hooks/back", "dry_run_url": "http://hooks/back"}, "the dry run is that of undo"),
        ({"dry_run_url": "http://elsewhere/dry"}, "not on the list"),
        ({"dry_run_url": "http://hooks/dry/{service}"}, "nothing is filled in in an address"),
    ],
)
def test_a_call_that_would_do_something_else_than_it_says_is_refused(more: dict[str, str], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        check_calls(settings(restart=hook("orders", **more)))


def test_calls_with_addresses_of_their_own_are_fine() -> None:
    check_calls(
        settings(
            a=hook("orders", dry_run_url="http://hooks/dry", verify_url="http://hooks/is", undo_url="http://hooks/un")
        )
    )


@pytest.mark.parametrize("asks", ["dry_run_url", "verify_url"])
@pytest.mark.parametrize("changes", ["url", "undo_url"])
def test_a_call_that_only_asks_may_not_be_the_change_of_another_webhook(asks: str, changes: str) -> None:
    other = {**hook("cart"), "url": "http://hooks/other", changes: "http://hooks/change"}

    with pytest.raises(ConfigError, match=r"actions\.webhooks\.a: the address of .* of b: it needs its own"):
        check_calls(settings(a=hook("orders", **{asks: "http://hooks./change"}), b=other))
