"""What a webhook action sends, to whom, and what it makes of the answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quell.actions.action import Target
from quell.actions.hosts import AllowedHosts
from quell.actions.http import NOT_ASKED, VALUE_CHARS, HttpAction, HttpActionSpec, HttpCall
from quell.errors import ActionFailed, BadAnswer, ConfigError, Unreachable
from tests.actions.control_api import TOKEN, ControlApi, Trouble

HOOK = HttpCall(
    method="POST",
    url="https://hooks.example.org/T0/SECRET",
    headers={"Authorization": "Bearer SECRET"},
    body={"queue": "{queue}", "for": ["{service}"], "note": "not {queue}", "count": 3},
)
SPEC = HttpActionSpec(
    name="pause_queue",
    services=("mailer", "mail-*"),
    run=HOOK,
    expected="load falls",
    risk="mail is late",
    params=("queue",),
    secret_path=True,
)
DRY = replace(HOOK, url="https://hooks.example.org/dry")
UNDO = replace(HOOK, url="https://hooks.example.org/undo")
TARGET = Target(service="mailer", params={"queue": "news"})


async def somewhere(host: str, port: int) -> Sequence[str]:
    return ["203.0.113.7"]


def answering(
    handler: Callable[[httpx.Request], httpx.Response],
    spec: HttpActionSpec = SPEC,
    *,
    listed: Sequence[str] = ("hooks.example.org", "other.example.org"),
) -> HttpAction:
    client = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    return HttpAction(spec, client, AllowedHosts(listed, resolve=somewhere))


def accepted(request: httpx.Request) -> httpx.Response:
    return httpx.Response(202, text="paused")


@pytest.fixture
def local(api: ControlApi, client: httpx.AsyncClient) -> Callable[[HttpActionSpec], HttpAction]:
    netloc = httpx.URL(api.base_url).netloc.decode()
    return lambda spec: HttpAction(spec, client, AllowedHosts([netloc]), poll_s=0.02)


def flag(api: ControlApi, **more: object) -> HttpActionSpec:
    call = HttpCall(
        method="POST",
        url=f"{api.base_url}/services/payment/flag",
        headers={"Authorization": f"Bearer {TOKEN}"},
        body={"name": "provider", "value": "b"},
        timeout_s=10.0,
    )
    return replace(SPEC, run=call, services=("payment",), params=(), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (replace(HOOK, url="https://evil.test/"), "not on the list"),
        (replace(HOOK, url="gopher://hooks.example.org/"), "only http and https"),
        (replace(HOOK, url="https://u:p@hooks.example.org/"), "credentials"),
        (replace(HOOK, url="https://hooks.example.org:x/"), "is no address"),
        (replace(HOOK, url="https://{service}.example.org/"), "nothing is filled in in an address"),
        (replace(HOOK, url="https://hooks.example.org/restart/{service}"), "nothing is filled in in an address"),
        (replace(HOOK, method="TRACE"), "'TRACE' is none of"),
        (replace(HOOK, body={"a": [{"b": "{colour}"}]}), "uses colour, which is not declared"),
    ],
)
def test_a_call_that_could_go_astray_is_a_setting_that_is_wrong(call: HttpCall, reason: str) -> None:
    for spec in (replace(SPEC, run=call), replace(SPEC, verify=call), replace(SPEC, undo=call)):
        with pytest.raises(ConfigError, match=reason):
            answering(accepted, spec)


@given(queue=st.text(max_size=VALUE_CHARS), service=st.text(max_size=VALUE_CHARS))
async def test_foreign_text_only_ever_becomes_the_value_of_its_own_field(queue: str, service: str) -> None:
    seen: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    anyones = replace(SPEC, services=("*",))
    await answering(keep, anyones).run(Target(service=service, params={"queue": queue}), key="k")

    (request,) = seen
    assert json.loads(request.content) == {"queue": queue, "for": [service], "note": "not {queue}", "count": 3}
    assert request.url.path == "/T0/SECRET"
    assert request.url.query == b""
    assert request.headers["authorization"] == "Bearer SECRET"


@pytest.mark.parametrize(
    "params", [{}, {"queue": "a", "url": "https://evil.test/"}, {"colour": "red"}, {"queue": "x" * (VALUE_CHARS + 1)}]
)
async def test_params_that_are_not_declared_are_refused_before_anything_is_sent(params: dict[str, str]) -> None:
    seen: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    action = answering(keep, replace(SPEC, dry_run=DRY))

    dry = await action.dry_run(Target(service="mailer", params=params))
    with pytest.raises(ActionFailed):
        await action.run(Target(service="mailer", params=params), key="k")

    assert not dry.possible
    assert not seen


async def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    answers = iter([["203.0.113.7"], ["169.254.169.254"]])
    seen: list[httpx.Request] = []

    async def rebound(host: str, port: int) -> Sequence[str]:
        return next(answers)

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    client = httpx.AsyncClient(transport=httpx.MockTransport(keep))
    await HttpAction(SPEC, client, AllowedHosts(["hooks.example.org"], resolve=rebound)).run(TARGET, key="k")

    assert seen[0].url.host == "203.0.113.7"
    assert seen[0].headers["host"] == "hooks.example.org"
    assert seen[0].extensions["sni_hostname"] == "hooks.example.org"


async def test_a_name_that_leads_to_metadata_now_is_refused_in_dry_run_and_run() -> None:
    async def inside(host: str, port: int) -> Sequence[str]:
        return ["169.254.169.254"]

    seen: list[httpx.Request] = []
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda r: seen.append(r) or httpx.Response(200)))
    action = HttpAction(SPEC, client, AllowedHosts(["hooks.example.org"], resolve=inside))

    dry = await action.dry_run(TARGET)
    with pytest.raises(ActionFailed, match="metadata"):
        await action.run(TARGET, key="k")

    assert not dry.possible
    assert not seen


async def test_a_redirect_to_a_host_that_is_not_listed_is_refused() -> None:
    seen: list[str] = []

    def away(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["host"])
        return httpx.Response(307, headers={"location": "https://evil.test/steal"})

    with pytest.raises(ActionFailed, match=r"evil\.test is not on the list"):
        await answering(away).run(TARGET, key="k")

    assert seen == ["hooks.example.org"]


async def test_a_redirect_to_a_listed_host_is_followed_without_the_credentials_of_the_first() -> None:
    seen: list[httpx.Request] = []

    def moved(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.headers["host"] == "hooks.example.org":
            return httpx.Response(308, headers={"location": "https://other.example.org/new"})
        return httpx.Response(200)

    await answering(moved).run(TARGET, key="k")

    assert seen[1].headers["host"] == "other.example.org"
    assert "authorization" not in seen[1].headers
    assert seen[1].headers["idempotency-key"] == "k"
    assert seen[1].content == seen[0].content


async def test_a_redirect_from_https_to_http_is_refused() -> None:
    def down(request: httpx.Request) -> httpx.Response:
        return httpx.Response(307, headers={"location": "http://hooks.example.org/"})

    with pytest.raises(ActionFailed, match="from https to http"):
        await answering(down).run(TARGET, key="k")


@pytest.mark.parametrize("location", ["https://[", "//", "javascript:alert(1)", "https://hooks.example.org:99999/"])
async def test_a_redirect_that_leads_nowhere_is_an_error_of_ours(location: str) -> None:
    def nowhere(request: httpx.Request) -> httpx.Response:
        return httpx.Response(307, headers={"location": location})

    with pytest.raises((ActionFailed, BadAnswer)):
        await answering(nowhere).run(TARGET, key="k")


async def test_redirects_in_a_circle_end() -> None:
    seen: list[str] = []

    def around(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(307, headers={"location": "/T0/SECRET"})

    with pytest.raises(BadAnswer, match="redirects"):
        await answering(around).run(TARGET, key="k")

    assert len(seen) == 4


async def test_a_post_is_never_turned_into_a_get_by_a_redirect() -> None:
    def see_other(request: httpx.Request) -> httpx.Response:
        return httpx.Response(303, headers={"location": "/done"})

    with pytest.raises(ActionFailed, match="303"):
        await answering(see_other).run(TARGET, key="k")


async def test_a_dry_run_names_the_call_and_keeps_its_secrets() -> None:
    dry = await answering(accepted).dry_run(TARGET)

    assert dry.steps == ("POST https://hooks.example.org/*** with service = mailer, queue = news", NOT_ASKED)
    assert dry.params == TARGET.params


async def test_the_calls_are_shown_with_method_and_whole_address() -> None:
    asks = HttpCall(method="GET", url="https://hooks.example.org/mail/state?token=abc&queue=news")
    spec = replace(SPEC, run=replace(HOOK, url="https://hooks.example.org/mail/pause"), secret_path=False)

    assert answering(accepted, replace(spec, verify=asks, undo=UNDO)).calls(TARGET) == (
        "POST https://hooks.example.org/mail/pause",
        "GET https://hooks.example.org/mail/state?token=***&queue=news (asks whether it is in place)",
        "POST https://hooks.example.org/undo (takes it back)",
    )


@pytest.mark.parametrize(
    ("service", "covered"),
    [("mailer", True), ("mail-out", True), ("Mailer", False), ("mail", False), ("orders", False), ("", False)],
)
async def test_a_service_that_it_is_not_for_is_refused_before_anything_is_sent(service: str, covered: bool) -> None:
    seen: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    action = answering(keep, replace(SPEC, dry_run=DRY, verify=replace(DRY, method="GET"), undo=UNDO))
    target = Target(service=service, params={"queue": "news"})

    assert action.covers(service) is covered
    if covered:
        await action.run(target, key="k")
        assert len(seen) == 1
        return
    dry, back = await action.dry_run(target), await action.undo_check(target, {})
    with pytest.raises(ActionFailed, match="is for mailer, mail-\\*, not for"):
        await action.run(target, key="k")
    with pytest.raises(ActionFailed, match="not for"):
        await action.undo(target, {}, key="k")

    assert (dry.possible, back.possible) == (False, False)
    assert not seen


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org/T0/SECRET",
        "https://HOOKS.example.org:443/T0/SECRET",
        "https://hooks.example.org/T0//SECRET/",
        "https://hooks.example.org/a/../T0/%53ECRET#dry",
    ],
)
def test_a_call_that_only_asks_needs_an_address_of_its_own(url: str) -> None:
    same = replace(HOOK, url=url)
    for spec in (replace(SPEC, dry_run=same), replace(SPEC, verify=same), replace(SPEC, undo=UNDO, dry_run=UNDO)):
        with pytest.raises(ConfigError, match="it needs its own"):
            answering(accepted, spec)
    with pytest.raises(ConfigError, match="it would make it once more"):
        answering(accepted, replace(SPEC, undo=same))


def test_an_address_that_differs_in_its_query_or_method_is_one_of_its_own() -> None:
    dry = replace(HOOK, url=f"{HOOK.url}?dry_run=true")

    assert answering(accepted, replace(SPEC, dry_run=dry, verify=replace(HOOK, method="GET"))).name == SPEC.name


async def test_a_dry_run_without_an_address_makes_no_call_and_says_that_nothing_was_asked() -> None:
    seen: list[httpx.Request] = []
    action = answering(lambda request: seen.append(request) or httpx.Response(200))

    dry = await action.dry_run(TARGET)

    assert (dry.possible, dry.steps[-1]) == (True, NOT_ASKED)
    assert not seen


async def test_a_dry_run_that_is_redirected_to_the_change_itself_does_not_go_there() -> None:
    seen: list[str] = []

    def there(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(307, headers={"location": "/T0/SECRET"})

    dry = await answering(there, replace(SPEC, dry_run=DRY)).dry_run(TARGET)

    assert not dry.possible
    assert "redirects to what makes the change" in dry.reason
    assert seen == ["/dry"]


@pytest.mark.parametrize(("status", "possible"), [(200, True), (404, False), (409, False)])
async def test_what_is_not_in_place_any_more_cannot_be_taken_back(status: int, possible: bool) -> None:
    seen: list[str] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request.method)
        return httpx.Response(status)

    spec = replace(SPEC, verify=HttpCall(method="GET", url="https://hooks.example.org/is"), undo=UNDO)

    assert (await answering(keep, spec).undo_check(TARGET, {})).possible is possible
    assert seen == ["GET"]


async def test_what_has_no_undo_call_cannot_be_taken_back() -> None:
    back = await answering(accepted).undo_check(TARGET, {})

    assert (back.possible, "cannot be undone" in back.reason) == (False, True)


async def test_no_message_holds_the_path_or_a_header() -> None:
    action = answering(lambda request: httpx.Response(500, text="oops"))

    with pytest.raises(ActionFailed) as caught:
        await action.run(TARGET, key="k")

    assert "SECRET" not in str(caught.value)
    assert "oops" in str(caught.value)


async def test_without_a_verify_call_a_lost_answer_stays_unknown(
    api: ControlApi, local: Callable[[HttpActionSpec], HttpAction]
) -> None:
    api.trouble = Trouble.MADE_BROKEN_OFF

    with pytest.raises(BadAnswer):
        await local(flag(api)).run(Target(service="payment"), key="k")

    assert len(api.keys) == 1


async def test_without_an_undo_call_it_is_not_reversible() -> None:
    action = answering(accepted)

    assert not action.reversible
    with pytest.raises(ActionFailed, match="cannot be undone"):
        await action.undo(TARGET, {}, key="k")


@pytest.mark.parametrize(("status", "there"), [(200, True), (204, True), (404, False), (409, False)])
async def test_verify_says_what_the_other_side_says(status: int, there: bool) -> None:
    action = answering(lambda request: httpx.Response(status), replace(SPEC, verify=replace(HOOK, method="GET")))

    assert await action.verify(TARGET) is there


@pytest.mark.parametrize("status", [401, 403, 500, 503])
async def test_a_verify_that_was_not_answered_is_not_a_no(status: int) -> None:
    action = answering(lambda request: httpx.Response(status), replace(SPEC, verify=replace(HOOK, method="GET")))

    with pytest.raises(BadAnswer):
        await action.verify(TARGET)


async def test_a_redirect_is_followed_on_a_real_connection(
    api: ControlApi, local: Callable[[HttpActionSpec], HttpAction]
) -> None:
    api.redirect = "http://127.0.0.1:1/elsewhere"

    with pytest.raises(ActionFailed, match="not on the list"):
        await local(flag(api)).run(Target(service="payment"), key="k")


async def test_a_listed_name_without_a_server_is_unreachable(client: httpx.AsyncClient) -> None:
    async with ControlApi().serving() as gone:
        spec = flag(gone)
    action = HttpAction(spec, client, AllowedHosts([httpx.URL(gone.base_url).netloc.decode()]))

    with pytest.raises(Unreachable):
        await action.run(Target(service="payment"), key="k")
