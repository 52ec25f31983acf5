"""Ties processes to the one that started them, so that none outlives it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15


def die_with_parent(parent: int, *, signum: signal.Signals = signal.SIGKILL) -> None:
    """
    Ask the kernel to signal this process when its parent ends (Linux; elsewhere nothing happens here).

    Args:
        parent: the pid this process was started by; if that is gone already, this process ends now.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def name_process(name: str) -> None:
    """Set the name that `ps -o comm` shows (15 characters, Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)
