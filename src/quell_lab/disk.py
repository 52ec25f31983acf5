"""A service's folder for files, with a quota that its writes keep to."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

SPOOL = "spool"
"""Below a service's folder: exports that were made once and may be removed at any time."""


class Disk:
    """
    Files of one service.

    The quota is checked against what really lies in the folder, as a file system's would be; it is enforced here,
    because a quota of the system's needs rights that a lab does not have.
    """

    def __init__(self, folder: Path, *, quota_bytes: int) -> None:
        self.folder = folder
        self.quota_bytes = quota_bytes
        (folder / SPOOL).mkdir(parents=True, exist_ok=True)

    def used_bytes(self) -> int:
        """Return what all files take."""
        return sum(size for _, size in files(self.folder))

    def write(self, name: str, data: bytes) -> None:
        """Replace a file as a whole. Raises: OSError: no space left."""
        path = self.folder / name
        present = path.stat().st_size if path.exists() else 0
        if self.used_bytes() - present + len(data) > self.quota_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
        path.write_bytes(data)


def files(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yield each file below a folder with its size in bytes; one that vanishes meanwhile is left out."""
    for place in (folder, folder / SPOOL):
        try:
            entries = list(os.scandir(place))
        except FileNotFoundError:
            continue
        for entry in entries:
            try:
                if entry.is_file():
                    yield Path(entry.path), entry.stat().st_size
            except FileNotFoundError:
                continue


def clear(folder: Path) -> tuple[int, int]:
    """Remove all exports of a service's folder; return how many there were, and their bytes."""
    count = freed = 0
    for path, size in list(files(folder / SPOOL)):
        path.unlink(missing_ok=True)
        count, freed = count + 1, freed + size
    return count, freed
