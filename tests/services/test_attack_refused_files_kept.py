"""Large files that are refused, one after the other: none outlives its refusal."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from app.domain.errors import Malformed
from app.services.aside import Aside


class Upload:
    """Stands for twenty mebibytes of a stranger's."""


@pytest.fixture
def no_rounds() -> Iterator[None]:
    """Without the collector, which would come round some time."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def refuse(_: Upload) -> None:
    raise Malformed("as is said of a broken file")


def take(_: Upload) -> int:
    return 1


@pytest.mark.usefixtures("no_rounds")
async def test_nothing_of_a_refused_file_stays() -> None:
    aside, kept = Aside(2), list[weakref.ref[Upload]]()
    for _ in range(8):
        upload = Upload()
        kept.append(weakref.ref(upload))
        assert await aside.run(take, upload) == 1
        with pytest.raises(Malformed):
            await aside.run(refuse, upload)
        del upload
    await asyncio.sleep(0.1)
    assert [each() for each in kept] == [None] * 8
