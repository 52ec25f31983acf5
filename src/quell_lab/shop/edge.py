"""The edge: what customers talk to; passes requests on and says in HTTP what came back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from quell_lab.http.message import PROBLEM_JSON, Request, Response, RouteHandler, answer
from quell_lab.runtime import Rejected, Runtime


class Edge:
    """Passes requests on to the services behind it."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.views = runtime.registry.counter("page_views_total", "service", "page", text="Pages seen by customers.")

    def routes(self) -> Mapping[tuple[str, str], RouteHandler]:
        """Return the handlers."""
        return {
            ("GET", "/"): self.home,
            ("GET", "/products"): self.products,
            ("GET", "/products/{id}"): self.product,
            ("GET", "/cart/{session}"): self.cart,
            ("POST", "/cart/{session}"): self.put,
            ("POST", "/checkout/{session}"): self.checkout,
        }

    def tasks(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """Nothing runs beside the requests."""
        return ()

    async def home(self, _: Request, __: Mapping[str, str]) -> Response:
        """The front page."""
        return await self.ask("home", "catalog", "GET", "/featured")

    async def products(self, request: Request, _: Mapping[str, str]) -> Response:
        """One category."""
        category = quote(request.query.get("category", "0"))
        return await self.ask("category", "catalog", "GET", f"/products?category={category}")

    async def product(self, _: Request, values: Mapping[str, str]) -> Response:
        """One product."""
        return await self.ask("product", "catalog", "GET", f"/products/{quote(values['id'])}")

    async def cart(self, _: Request, values: Mapping[str, str]) -> Response:
        """The customer's cart."""
        return await self.ask("cart", "cart", "GET", f"/carts/{quote(values['session'])}")

    async def put(self, request: Request, values: Mapping[str, str]) -> Response:
        """Add to the cart."""
        return await self.ask("cart", "cart", "POST", f"/carts/{quote(values['session'])}", request.json())

    async def checkout(self, request: Request, values: Mapping[str, str]) -> Response:
        """Buy what is in the cart."""
        data = {**request.json(), "session": values["session"]}
        return await self.ask("checkout", "checkout", "POST", "/orders", data)

    async def ask(self, page: str, peer: str, method: str, path: str, data: Any = None) -> Response:
        """Pass a request on; what the callee calls the customer's mistake is passed back."""
        self.views.add(self.runtime.name, page)
        timeout_ms = int(self.runtime.config["upstream_timeout_ms"])
        try:
            return answer(await self.runtime.calls.call(peer, method, path, timeout_ms=timeout_ms, data=data))
        except Rejected as error:
            return Response(status=error.status, body=error.body, content_type=PROBLEM_JSON)


def build(runtime: Runtime) -> Edge:
    """Return the service."""
    return Edge(runtime)
