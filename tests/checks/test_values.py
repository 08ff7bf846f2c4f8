"""Values of the judging code cannot be changed after they are made."""

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import pytest

import app.checks
import app.domain


def classes() -> Iterator[type]:
    names = [f"app.{n}" for n in ("policy", "services.judgement")]
    for package in (app.domain, app.checks):
        names += [f"{package.__name__}.{m.name}" for m in pkgutil.iter_modules(package.__path__)]
    for name in names:
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, type) and is_dataclass(value) and value.__module__ == name:
                yield value


FOUND = list(classes())


def test_there_are_some() -> None:
    assert {"Evidence", "Verdict", "Check", "Policy", "Silent"} <= {c.__name__ for c in FOUND}


@pytest.mark.parametrize("value", FOUND, ids=lambda c: c.__name__)
def test_frozen(value: type) -> None:
    assert value.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert hasattr(value, "__slots__"), [f.name for f in fields(value)]
