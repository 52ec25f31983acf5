"""The scraped window in a file, so that a Quell that was killed knows what was normal when it starts again."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from quell.evidence.decoding import decode
from quell.evidence.exposition import SeriesKey
from quell.evidence.ring import Array, Stretch

FORMAT = 1
MAX_BYTES = 200_000_000
"""A larger file is not ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of one target."""

    service: str
    url: str
    series: Sequence[SeriesKey]
    """By column of `stretch.values`."""
    kinds: Mapping[str, str]
    stretch: Stretch


class _Head(msgspec.Struct):
    service: str
    url: str
    series: list[tuple[str, list[tuple[str, str]]]]
    kinds: dict[str, str]


class _Index(msgspec.Struct):
    format: int
    targets: list[_Head]


def write(path: Path, targets: Sequence[Kept]) -> None:
    """
    Replace the file as a whole; whoever reads it sees the old one or the new one.

    Raises: OSError.
    """
    index = _Index(
        format=FORMAT,
        targets=[
            _Head(
                service=kept.service,
                url=kept.url,
                series=[(key.name, [(name, value) for name, value in key.labels]) for key in kept.series],
                kinds=dict(kept.kinds),
            )
            for kept in targets
        ],
    )
    arrays: dict[str, Any] = {"index": np.frombuffer(msgspec.json.encode(index), dtype=np.uint8)}
    for number, kept in enumerate(targets):
        stretch = kept.stretch
        arrays |= {
            f"times{number}": stretch.times,
            f"up{number}": stretch.up,
            f"values{number}": stretch.values[:, : len(kept.series)],
            f"notes{number}": stretch.notes,
        }
    body = io.BytesIO()
    np.savez(body, **arrays)
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_bytes(body.getbuffer())
    draft.replace(path)


def read(path: Path) -> list[Kept]:
    """
    Return what was kept; nothing when there is no file, or it cannot be read: it is a help, never a need.

    No pickled object is ever loaded.
    """
    with contextlib.suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, msgspec.MsgspecError):
        if path.stat().st_size > MAX_BYTES:
            return []
        with np.load(path, allow_pickle=False) as arrays:
            index = decode(arrays["index"].tobytes(), _Index)
            if index.format != FORMAT:
                return []
            return [_target(head, arrays, number) for number, head in enumerate(index.targets)]
    return []


def _target(head: _Head, arrays: Any, number: int) -> Kept:
    times: Array = arrays[f"times{number}"]
    values: Array = arrays[f"values{number}"]
    if values.shape != (times.size, len(head.series)):
        raise ValueError("the shapes do not fit")
    return Kept(
        service=head.service,
        url=head.url,
        series=[SeriesKey(name, tuple((key, value) for key, value in labels)) for name, labels in head.series],
        kinds=head.kinds,
        stretch=Stretch(times=times, up=arrays[f"up{number}"], values=values, notes=arrays[f"notes{number}"]),
    )
