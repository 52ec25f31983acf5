"""JSON read into types by several threads at once."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys, threading, msgspec
from quell.evidence.decoding import decode

sys.setswitchinterval(1e-6)
barrier = threading.Barrier(4)
kinds, found = [], []
for n in range(300):
    inner = msgspec.defstruct(f"Inner{n}", [(f"g{i}", dict[str, int] | None, None) for i in range(20)])
    outer = [(f"f{i}", list[inner] | None, None) for i in range(20)]
    kinds.append(msgspec.defstruct(f"Outer{n}", outer))

def read():
    for kind in kinds:
        barrier.wait()
        found.append(decode(b'{"f1": [{"g1": {"a": 1}}]}', kind).f1[0].g1)

threads = [threading.Thread(target=read) for _ in range(4)]
for one in threads: one.start()
for one in threads: one.join()
assert found == [{"a": 1}] * 1200, len(found)
"""


def test_threads_that_read_a_type_for_the_first_time_at_once_all_get_it() -> None:
    # In a process of its own: what goes wrong here ends it.
    ended = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60)

    assert (ended.returncode, ended.stderr) == (0, "")
