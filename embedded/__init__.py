"""A real PostgreSQL beside the product: for newcomers, tests and the bench, not for production.

The service never imports this package: it is told a `DATABASE_URL` like anywhere else.
"""

from embedded.binaries import Binaries, find_binaries
from embedded.errors import AlreadyRunning, LauncherError, WrongVersion
from embedded.place import data_folder, temporary_folder
from embedded.postgres import SERVICE, Server, start
from embedded.tied import Account, server_account, spawn

__all__ = [
    "SERVICE",
    "Account",
    "AlreadyRunning",
    "Binaries",
    "LauncherError",
    "Server",
    "WrongVersion",
    "data_folder",
    "find_binaries",
    "server_account",
    "spawn",
    "start",
    "temporary_folder",
]
