"""Fixtures of all tests; the database is in a module of its own."""

import importlib
import os
import pkgutil
import sys
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

import app
from sandbox import day

# All worlds of one run are of one day, in every worker and program, though midnight passes.
os.environ.setdefault(day.SETTING, day.today().isoformat())

# A busy machine is slow, not wrong: nothing here is judged by the clock.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

pytest_plugins = ("tests.database", "tests.service")


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Coverage rests while tests are collected: it would be more than half of that time, in each
    worker. What our modules run when they are imported is counted before.
    """
    if not session.config.pluginmanager.hasplugin("_cov"):  # of pytest-cov: none is asked for
        return (yield)
    for module in pkgutil.walk_packages(app.__path__, "app."):
        importlib.import_module(module.name)
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
