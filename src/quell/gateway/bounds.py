"""How much the hub keeps of its channels, and for those who follow them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much the hub keeps."""

    connections: int = 20_000
    ring_events: int = 16_384
    """Publications kept per channel with a fixed name."""
    ring_bytes: int = 8_388_608
    named_ring_events: int = 1024
    """The same for each channel of a pattern, such as `incident:{id}`."""
    named_ring_bytes: int = 1_048_576
    idle_channels: int = 64
    """Channels of a pattern kept for those who may come back, after their last follower left."""
    piece_bytes: int = 65_536
    """About as much as one frame holds; a single larger message goes alone."""
    conflate_past: int = 64
    """A follower of a state channel more events behind than this gets only the newest per key."""
    control_bytes: int = 262_144
    """Answers that wait for one client; more, and it sends but does not read."""
    snapshot_s: float = 0.5
    """An encoded snapshot is used again this long while nothing is published."""
    slice_connections: int = 250
    """Connections given a frame before other work has its turn."""
