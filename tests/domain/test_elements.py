"""Names of the elements of GB/T 36903."""

import pytest

from app.domain.elements import COPY_ELEMENTS, LicenseElement, element_named


@pytest.mark.parametrize("element", LicenseElement)
def test_interface_and_share_table_spellings(element: LicenseElement):
    snake = "".join(f"_{one.lower()}" if one.isupper() else one for one in element.value)
    for name in (element.value, snake, snake.upper(), f" {element.value} "):
        assert element_named(name) is element


@pytest.mark.parametrize("element", sorted(COPY_ELEMENTS))
def test_copy_elements_are_of_the_copy(element: LicenseElement):
    assert "Copy" in element.value


@pytest.mark.parametrize("name", ["", "_", "ZZ", "certificate", "KZ_QLR", "holderName"])
def test_other_names(name: str):
    assert element_named(name) is None
