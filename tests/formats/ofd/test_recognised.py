"""Which ZIP is taken for an OFD: other packages are no verdict about a license."""

import io
import zipfile

import pytest

from app.domain.errors import Malformed, UnrecognisedFormat
from app.formats import FORMATS, detect
from app.formats.ofd.license import Ofd
from sandbox.world import World

OTHERS = {
    "word": ("[Content_Types].xml", "_rels/.rels", "word/document.xml"),
    "e_book": ("mimetype", "META-INF/container.xml"),
    "photographs": ("IMG_0001.jpg", "IMG_0002.jpg"),
    "nothing": (),
}


def package(*names: str, content: bytes = b"<a/>") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize("names", OTHERS.values(), ids=OTHERS)
def test_another_package_is_no_license(names: tuple[str, ...]) -> None:
    with pytest.raises(UnrecognisedFormat):
        detect(package(*names))


def test_an_ofd_is_known_whatever_is_wrong_with_it() -> None:
    world = World(1)
    genuine = world.ofd(world.pick("market"))
    assert detect(genuine).name is Ofd().name
    for damaged in (genuine[: len(genuine) // 2], package("folder/OFD.xml"), package("OFD.xml")):
        found = detect(damaged, FORMATS)
        assert found.name is Ofd().name
        with pytest.raises(Malformed):
            found.parse(damaged)
