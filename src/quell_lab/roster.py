"""Who is in the shop: each service's callees, settings, limits and first releases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

MEGABYTE = 1024 * 1024
Setting = str | int

_NOTHING: Mapping[str, Setting] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One process of the shop as it should be."""

    name: str
    module: str
    """Which module of `quell_lab.shop` holds its code."""
    calls: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    """The release before the first one, then the first one that runs."""
    config: Mapping[str, Setting] = field(default_factory=lambda: _NOTHING)
    flags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What each flag may be; the first is what it is at the start."""
    pool_size: int | None = None
    memory_limit_bytes: int | None = None
    disk_quota_bytes: int | None = None
    watched: bool = True
    """False for parties outside the shop, and for its customers: not scraped, no log, no changes recorded."""


MEMBERS: tuple[Member, ...] = (
    Member(
        name="catalog",
        module="catalog",
        calls=("supplier",),
        releases=("1.7.3", "1.8.0"),
        config={"page_size": 12, "cache_ttl_s": 60, "supplier_timeout_ms": 1500, "pool_wait_ms": 1000},
        pool_size=8,
        memory_limit_bytes=96 * MEGABYTE,
    ),
    Member(
        name="inventory",
        module="inventory",
        releases=("1.2.2", "1.2.3"),
        # Shorter than its callers wait: a full pool is an answer, and no reason to ask again.
        config={"low_stock": 40, "pool_wait_ms": 600},
        pool_size=8,
        memory_limit_bytes=96 * MEGABYTE,
        disk_quota_bytes=24 * MEGABYTE,
    ),
    Member(
        name="cart",
        module="cart",
        calls=("catalog", "inventory"),
        releases=("1.4.1", "1.4.2"),
        config={
            "catalog_timeout_ms": 800,
            "inventory_timeout_ms": 800,
            "currency": "EUR",
            "max_lines": 12,
            "pool_wait_ms": 1000,
        },
        flags={"retries": ("on", "off")},
        pool_size=8,
        memory_limit_bytes=96 * MEGABYTE,
    ),
    Member(
        name="payment",
        module="payment",
        calls=("bank-a", "bank-b"),
        releases=("2.0.4", "2.0.5"),
        config={"bank_timeout_ms": 2000, "merchant": "shop-eu-7", "minimum_cents": 50, "pool_wait_ms": 1000},
        flags={"provider": ("a", "b")},
        pool_size=8,
        memory_limit_bytes=96 * MEGABYTE,
        disk_quota_bytes=24 * MEGABYTE,
    ),
    Member(
        name="checkout",
        module="checkout",
        calls=("cart", "payment", "inventory"),
        releases=("3.0.6", "3.1.0"),
        config={
            "cart_timeout_ms": 1500,
            "payment_timeout_ms": 3000,
            "inventory_timeout_ms": 1500,
            "tax_table": "standard",
        },
        memory_limit_bytes=96 * MEGABYTE,
    ),
    Member(
        name="edge",
        module="edge",
        calls=("catalog", "cart", "checkout"),
        releases=("2.3.0", "2.3.1"),
        config={"upstream_timeout_ms": 4000},
        memory_limit_bytes=96 * MEGABYTE,
    ),
    Member(name="supplier", module="supplier", releases=("1",), watched=False),
    Member(name="bank-a", module="bank", releases=("1",), watched=False),
    Member(name="bank-b", module="bank", releases=("1",), watched=False),
)
"""Callees come before their callers."""

CUSTOMERS = Member(name="customers", module="customers", calls=("edge",), releases=("1",), watched=False)
"""The load: starts last, ends first."""

BATCH = Member(name="sales-report", module="batch", watched=False)
"""Another department's: it may come to sit on the host of a service."""

SERVICES: tuple[str, ...] = tuple(member.name for member in MEMBERS if member.watched)
_BY_NAME = {one.name: one for one in (*MEMBERS, CUSTOMERS)}


def member(name: str) -> Member:
    """Return a member by its name; raise `KeyError`."""
    return _BY_NAME[name]
