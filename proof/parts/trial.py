"""One mutant against the fast tests, in a fork of a process that has everything else loaded."""

import ast
import gc
import importlib.abc
import importlib.util
import os
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import coverage
import pytest
from hypothesis import HealthCheck, settings

PROJECT = Path(__file__).parents[2]
CPU_SECONDS = 90
"""For one mutant: several times what all tests need; a mutant may loop for ever."""
WALL_SECONDS = 300
MEMORY = 6 * 1024**3
SERVERS = ("tests.database", "tests.service")
"""Plugins of our tests that fast tests do not need, and that would load all of the application."""
BROKEN = 70
"""Exit code of a fork that could not try its mutant."""
ARGUMENTS = (
    *("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-profile=mutants"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # plugins are loaded before the forks
)

settings.register_profile(
    "mutants",
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def name_of(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def dependents(name: str, sources: Iterable[Path]) -> frozenset[str]:
    """The modules that see this one, directly or not: they must be imported anew with it."""
    seen_by: dict[str, set[str]] = {}
    for path in sources:
        for target in _imports(path):
            seen_by.setdefault(target, set()).add(name_of(path))
    found, new = {name}, {name}
    while new:
        new = {user for target in new for user in seen_by.get(target, ())} - found
        found |= new
    return frozenset(found)


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


class Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the mutant under the name of the module it was made of."""

    def __init__(self, name: str, path: Path, code: CodeType) -> None:
        self._name, self._path, self._code = name, path, code

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        del path, target
        if fullname != self._name:
            return None
        package = [str(self._path.parent)] if self._path.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            fullname, self._path, loader=self, submodule_search_locations=package
        )

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)


class Selection:
    """Keeps the tests asked for, quickest first; where one is gone, all of them."""

    def __init__(self, wanted: Sequence[str]) -> None:
        self._place = {node: place for place, node in enumerate(wanted)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        kept = [item for item in items if item.nodeid in self._place]
        if len(kept) == len(self._place):
            items[:] = sorted(kept, key=lambda item: self._place[item.nodeid])


class Watch:
    """Which lines each test runs, and for how long: on the untouched code."""

    def __init__(self, watching: coverage.Coverage) -> None:
        self._watching = watching
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._watching.switch_context(item.nodeid)
        result = yield
        self._watching.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0) + report.duration


@dataclass(frozen=True, slots=True)
class Baseline:
    """The untouched code under the same tests; void unless green."""

    exit: int
    seconds: Mapping[str, float]
    lines: Mapping[str, Mapping[int, Sequence[str]]]
    """Path → line → the tests that run it; "" is the import."""


def baseline(tests: Sequence[str], targets: Sequence[Path], forget: Iterable[str]) -> Baseline:
    """In a fork, too: its imports and its tracing are its own."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        os.close(writing)
        with os.fdopen(reading, "rb") as told:
            found = told.read()
        os.waitpid(pid, 0)
        return pickle.loads(found) if found else Baseline(BROKEN, {}, {})
    try:
        with os.fdopen(writing, "wb") as telling:
            telling.write(pickle.dumps(_watched(tests, targets, forget)))
    finally:
        os._exit(0)


def _watched(tests: Sequence[str], targets: Sequence[Path], forget: Iterable[str]) -> Baseline:
    _forget(forget)
    watching = coverage.Coverage(
        data_file=None, config_file=False, include=[str(path) for path in targets]
    )
    watch = Watch(watching)
    watching.start()
    try:
        code = pytest.main([*ARGUMENTS, *tests], plugins=[watch])
    finally:
        watching.stop()
    data = watching.get_data()
    lines = {str(path): data.contexts_by_lineno(str(path)) for path in targets}
    return Baseline(int(code), watch.seconds, lines)


def start(
    name: str,
    path: Path,
    changed: Callable[[], ast.Module],
    *,
    forget: Iterable[str],
    wanted: Sequence[str],
    log: int,
) -> int:
    """Fork; the child plants the mutant, runs the tests and exits as pytest says."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = BROKEN
    try:
        os.dup2(log, 1)
        os.dup2(log, 2)
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.alarm(WALL_SECONDS)
        known = _forget(forget)
        code = compile(changed(), str(path), "exec")
        sys.meta_path.insert(0, Planted(name, path, code))
        if not _importable(known):  # no longer a program: pytest would only say it in another way
            os._exit(1)
        files = sorted({test.partition("::")[0] for test in wanted})
        status = int(pytest.main([*ARGUMENTS, *files], plugins=[Selection(wanted)]))
    finally:
        os._exit(status)


def _importable(names: Iterable[str]) -> bool:
    """Whether the mutant, and what is loaded of the application that sees it, can be imported."""
    try:
        for name in names:
            importlib.import_module(name)
    except Exception:  # noqa: BLE001 - whatever it is, it is the mutant's
        traceback.print_exc()
        return False
    return True


def _forget(names: Iterable[str]) -> list[str]:
    """Have them imported anew; names those of the application that were loaded before."""
    known = [name for name in names if name.startswith("app.") and name in sys.modules]
    for name in names:
        sys.modules.pop(name, None)
    for name in SERVERS:
        sys.modules[name] = ModuleType(name)
    return known


def freeze() -> None:
    """Before the forks: what is loaded is left alone by their garbage collectors."""
    gc.collect()
    gc.freeze()
