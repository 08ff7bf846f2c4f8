"""A canary at the level of sockets: every connect of this process, as the interpreter reports it.

`socket.connect` is an audit event (PEP 578), raised for every socket whoever made it; nothing is
replaced and nothing can be bypassed from Python. The hook cannot be removed, so it is switched.
"""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_heard: list[object] | None = None


def _hook(event: str, args: tuple[object, ...]) -> None:
    if event == "socket.connect" and _heard is not None:
        kind = args[0].family if isinstance(args[0], socket.socket) else None
        if kind in (socket.AF_INET, socket.AF_INET6):
            _heard.append(args[1])


sys.addaudithook(_hook)


@contextmanager
def connects() -> Iterator[list[object]]:
    """The addresses this process connects to meanwhile."""
    global _heard  # noqa: PLW0603 - one hook for the process
    _heard = []
    try:
        yield _heard
    finally:
        _heard = None
