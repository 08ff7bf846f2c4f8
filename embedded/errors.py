"""What can go wrong while a database is started; every message says what to do next."""


class LauncherError(RuntimeError):
    """The database could not be started or stopped."""


class AlreadyRunning(LauncherError):
    """Another process already runs the server of this data folder."""


class WrongVersion(LauncherError):
    """The data folder was made by another major version of PostgreSQL."""
