"""Become a command that ends when the process that asked for it ends. Run as a script.

`python -I -S child.py PARENT UID:GID|- PIPE|- SIGNAL COMMAND…`

It runs between fork and exec of the command, as the same process: so the caller needs no
`preexec_fn` (unsafe in a process with threads), and the command keeps the process id that the
caller knows. Privileges are dropped first, since a change of user clears the kernel's mark.
"""

import ctypes
import os
import select
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h
LOOK_SECONDS = 1.0  # how often the watcher asks whether its charge still lives


def main(arguments: list[str]) -> None:
    """Drop privileges, tie this process to its parent, and become the command."""
    parent, account, pipe, number, *command = arguments
    if account != "-":
        uid, gid = (int(part) for part in account.split(":"))
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if pipe == "-":
        _die_with(int(parent), signal.Signals(int(number)))
    else:
        _watch(int(pipe), signal.Signals(int(number)))
    os.execv(command[0], command)  # noqa: S606 - becoming the command is the point


def _die_with(parent: int, number: signal.Signals) -> None:
    """Have the kernel signal this process when its parent ends (Linux, prctl(2)).

    The parent may have ended before the mark was set: then there is nobody to serve.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("the process that asked for this one is gone")


def _watch(pipe: int, number: signal.Signals) -> None:
    """Leave a watcher behind that signals this process when the pipe's other end is closed.

    Forked twice, so that the command never meets a child it does not know.
    """
    charge = os.getpid()
    first = os.fork()
    if first:
        os.close(pipe)
        os.waitpid(first, 0)
        return
    if os.fork():
        os._exit(0)
    os.setsid()
    try:
        while not select.select([pipe], [], [], LOOK_SECONDS)[0]:
            os.kill(charge, 0)
        os.kill(charge, number)
    except ProcessLookupError:
        pass
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
