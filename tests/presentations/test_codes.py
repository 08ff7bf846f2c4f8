"""亮证码: 128 bits in one spelling, and nothing else that looks like one."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.presentation import BYTES, is_presentation, presentation_code


@given(st.binary(min_size=BYTES, max_size=BYTES))
def test_every_code_is_known_and_small_in_a_picture(bits: bytes) -> None:
    code = presentation_code(bits)
    assert is_presentation(code)
    assert re.fullmatch(r"[0-9A-Z $%*+./:-]{31}", code), "alphanumeric mode, ISO/IEC 18004 §7.3.4"


@given(st.binary(min_size=BYTES, max_size=BYTES), st.integers(0, 30), st.characters())
def test_another_spelling_is_another_code_or_none(bits: bytes, at: int, char: str) -> None:
    code = presentation_code(bits)
    changed = code[:at] + char + code[at + 1 :]
    if is_presentation(changed):  # then it is the one spelling of its own bits
        padded = changed.removeprefix("ZYP1:") + "======"
        assert presentation_code(base64.b32decode(padded)) == changed
    else:
        assert changed != code


@pytest.mark.parametrize(
    "text",
    ["", "ZYP1:", "zyp1:" + "A" * 26, "ZYP1:" + "A" * 25, "ZYP1:" + "A" * 27, "ZYP1:" + "A" * 25 + "B",
     "ZYP1:" + "1" * 25 + "A", "ZYP2:" + "A" * 26, "ZYP1:" + "A" * 26 + "\n", " ZYP1:" + "A" * 26],
)  # fmt: skip
def test_what_is_no_code(text: str) -> None:
    assert is_presentation("ZYP1:" + "A" * 26)
    assert not is_presentation(text)


def test_bits_of_another_length_make_no_code() -> None:
    with pytest.raises(ValueError, match="16"):
        presentation_code(b"short")
