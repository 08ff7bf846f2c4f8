"""A text on a page that is nearly all space: read from end to end once, whatever its length.

With the pattern that tried every length of a value, 64 kB of it held a thread for a quarter of a
minute, and every doubling took four times as long (CWE-1333).
"""

import pytest

from app.domain.elements import LicenseElement
from app.formats.archive import read_archive
from app.formats.ofd.metadata import FoundIn, find_elements
from app.formats.ofd.package import read_package
from tests.formats.ofd.maker import PAGE, text_object, unsigned, xml
from tests.zipmaker import plain

SPACES = 250_000


def found_on(text: str) -> list[tuple[LicenseElement, str]]:
    files = unsigned()
    shown = text_object(30, text)
    files[PAGE] = xml("Page", f'<ofd:Content><ofd:Layer ID="10">{shown}</ofd:Layer></ofd:Content>')
    elements = find_elements(read_package(read_archive(plain(files))))
    return [(e.element, e.value) for e in elements if e.kind is FoundIn.LABELLED_TEXT]


@pytest.mark.parametrize("space", [" ", "\u3000", "\n"])
def test_attack_a_value_full_of_spaces(space: str) -> None:
    value = f"x{space * SPACES}y"
    assert found_on(f"证照编号：{value}") == [(LicenseElement.NUMBER, value)]


@pytest.mark.parametrize("before", ["", " ", "\u3000\u3000"])
def test_space_around_label_and_value_is_no_part_of_them(before: str) -> None:
    assert found_on(f"{before}证照编号 ： 6399 1 {before}") == [(LicenseElement.NUMBER, "6399 1")]
