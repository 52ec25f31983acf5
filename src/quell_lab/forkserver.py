"""
The process that makes all others: it has the code loaded already, so that a new process is there in milliseconds.

Talks to the supervisor over a packet socket: in come `Start`s with one end of a private line each, out go
`{"serving": pid}` once, then `{"started": key, "pid": n}` and `{"ended": pid, "code": n}` (negative: the signal
that ended it). Run as `python -m quell_lab.forkserver FD PPID`. Single-threaded: forking is safe only because of that.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import sys
import traceback

import msgspec

from quell.linkage import die_with_parent, name_process
from quell_lab import batch, customers, process
from quell_lab.orders import Start

MAX_PACKET = 64 * 1024


def serve(control: socket.socket) -> None:
    """Start processes until the supervisor hangs up."""
    wake_read, wake_write = socket.socketpair()
    for sock in (wake_read, wake_write):
        sock.setblocking(False)
    signal.set_wakeup_fd(wake_write.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    gc.freeze()
    inherited = (control, wake_read, wake_write)
    control.send(msgspec.json.encode({"serving": os.getpid()}))
    while True:
        ready, _, _ = select.select([control, wake_read], [], [])
        if wake_read in ready:
            with contextlib.suppress(BlockingIOError):
                wake_read.recv(4096)
            reap(control)
        if control in ready:
            packet, fds, _, _ = socket.recv_fds(control, MAX_PACKET, 1)
            if not packet:
                return
            start = msgspec.json.decode(packet, type=Start)
            pid = fork(start, fds[0], inherited)
            os.close(fds[0])
            control.send(msgspec.json.encode({"started": start.key, "pid": pid}))


def reap(control: socket.socket) -> None:
    """Report every child that has ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        control.send(msgspec.json.encode({"ended": pid, "code": os.waitstatus_to_exitcode(status)}))


def fork(start: Start, line_fd: int, inherited: tuple[socket.socket, ...]) -> int:
    """Start one process; return its pid."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        die_with_parent(parent)
        for sock in inherited:
            sock.close()
        main = {"customers": customers.main, "batch": batch.main}.get(start.module, process.main)
        code = main(start, socket.socket(fileno=line_fd))
    except BaseException:  # noqa: BLE001 - a forked child must never run on into the parent's loop
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def main(argv: list[str]) -> int:
    """Serve on an inherited socket."""
    die_with_parent(int(argv[1]))
    os.setpgid(0, 0)
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Children take SIGTERM themselves; this process ends when the supervisor hangs up.
        signal.signal(signum, signal.SIG_IGN)
    name_process("shop")
    serve(socket.socket(fileno=int(argv[0])))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
