"""Codes with hosts of thousands of letters: thirty-two of them in one picture are told at once."""

import unicodedata

import pytest

from app.formats.photo import addresses
from app.formats.photo.addresses import MAX_HOST, NOWHERE, host_of, read_address

LETTERS = "".join(chr(c) for c in range(0x4E00, 0x4E00 + 900))


def test_a_host_longer_than_any_is_not_even_mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    mapped: list[int] = []
    real = unicodedata.normalize

    class Counting:
        @staticmethod
        def normalize(form: str, text: str) -> str:
            mapped.append(len(text))
            return real(form, text)  # type: ignore[arg-type] # one of the four

        category = staticmethod(unicodedata.category)

    monkeypatch.setattr(addresses, "unicodedata", Counting)
    assert host_of(LETTERS + ".cn") is None
    assert read_address(f"https://{LETTERS}.cn/v/1") is NOWHERE
    assert mapped == []
    assert host_of("证照.例子") == host_of("证照。例子") is not None, "the twin"
    assert len(mapped) == 2
    assert host_of("a." * ((MAX_HOST - 3) // 2) + "com") is not None
