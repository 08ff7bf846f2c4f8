"""A kit in a folder, and the same as an HTTP server in a thread."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.composition import now
from app.crypto.provider import FolderKeys, read_agreement_key
from app.federation.opening import open_sealed
from app.registry.books.table import CsvBook
from app.registry.kit import FACTS, KEYS, FolderAskers, Kit
from app.routers.kit import PATH, kit_app
from app.services.issuing import Issuing
from sandbox.bodies import CITY, DEFINING, uscc
from tests.cli.conftest import Ended, Run, run
from tests.service import running

__all__ = ["run"]

CODE = uscc("12", CITY, "MB990808")
TYPE = f"{DEFINING}005"


@dataclass(frozen=True)
class Shell:
    run: Run
    folder: Path

    def __call__(self, *arguments: str, **env: str) -> Ended:
        ended: Ended = self.run("issuer-kit", *arguments, **env)
        return ended

    def new(self, *more: str) -> Ended:
        return self(
            *("new", str(self.folder), "--code", CODE, "--name", "云海市样例局（虚构）"),
            *("--name-en", "Sample Bureau (fictional)", "--type", TYPE, *more),
        )


@pytest.fixture
def shell(run: Run, tmp_path: Path) -> Shell:
    return Shell(run, tmp_path / "kit")


def issuing_of(folder: Path, clock: Callable[..., object] = now) -> Issuing:
    """As `issuer-kit serve` puts it together; a register written a moment ago is whole."""
    found = Kit.read(folder)
    sealed = read_agreement_key(folder / FACTS)
    return Issuing(
        body=found.code,
        peers=FolderAskers(folder),
        book=CsvBook(folder / found.table, found.columns, found.exported, settled=0.0),
        signer=FolderKeys(folder / KEYS).signer,
        opened=lambda token: open_sealed(token, sealed),
        every_file=found.every_file,
        clock=clock,  # type: ignore[arg-type]
    )


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The endpoint's URL."""
    with running(kit_app(issuing_of(folder), "test")) as url:
        yield url + PATH
