"""The code of a report: one spelling for each id, and no slip of the fingers leads to another."""

import base64
import itertools
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.confirmation import ALPHABET, LENGTH, MAX_TYPED, MODULUS, code_of, id_of
from app.domain.errors import Malformed

ID = "AAECAwQFBgcICQoLDA0ODw"
CODE = code_of(ID)


def id_from(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


@given(st.binary(min_size=16, max_size=16))
def test_every_id_has_a_code_and_the_code_leads_back(octets: bytes) -> None:
    code = code_of(id_from(octets))
    assert id_of(code) == id_from(octets)
    groups = code.split("-")
    assert [len(group) for group in groups] == [5] * 6
    assert set("".join(groups)) <= set(ALPHABET)


@pytest.mark.parametrize("id", [ID, "AAAAAAAAAAAAAAAAAAAAAA", "_____________________w"])
def test_every_single_wrong_character_is_found(id: str) -> None:
    code = code_of(id).replace("-", "")
    for at, wrong in itertools.product(range(LENGTH), ALPHABET):
        if wrong != code[at]:
            with pytest.raises(Malformed, match="check characters"):
                id_of(code[:at] + wrong + code[at + 1 :])


def test_every_two_exchanged_characters_are_found() -> None:
    """For every pair of places, not only neighbours; and for every two characters."""
    for one, other in itertools.combinations(range(LENGTH), 2):
        for difference in range(1, 32):
            change = difference * (32**other - 32**one)
            assert change % MODULUS != 0
    code = list(CODE.replace("-", ""))
    for one, other in itertools.combinations(range(LENGTH), 2):
        if code[one] != code[other]:
            typed = code.copy()
            typed[one], typed[other] = typed[other], typed[one]
            with pytest.raises(Malformed):
                id_of("".join(typed))


def test_the_modulus_is_a_prime_just_below_the_check_bits() -> None:
    assert all(MODULUS % divisor for divisor in range(2, 2049))
    assert MODULUS < 2**22 < MODULUS + 4


def test_a_code_is_taken_as_people_type_it() -> None:
    full = "".join(chr(ord(c) + 0xFEE0) for c in CODE)
    for typed in (
        CODE.lower(), CODE.replace("-", ""), CODE.replace("-", " "), f"  {CODE}\n",
        CODE.replace("0", "O"), CODE.replace("0", "o"), CODE.replace("1", "I"),
        CODE.replace("1", "l"), full, CODE.replace("-", "－"), CODE.replace("-", "—"),
        f"https://verify.example/r/{CODE}",
    ):  # fmt: skip
        assert id_of(typed) == ID, typed


@pytest.mark.parametrize(
    "typed",
    ["", "-", CODE[:-1], CODE + "0", CODE[:-1] + "U", "0" * 30, "Z" * 30, ID, "é" * 30, "\0" * 30,
     "x" * (MAX_TYPED + 1), "\ufdfa" * 200, CODE + "/", "٣" * 30, "../../r"],
)  # fmt: skip
def test_anything_else_is_mistyped(typed: str) -> None:
    with pytest.raises(Malformed):
        id_of(typed)


@given(st.text(max_size=60) | st.text(ALPHABET, min_size=30, max_size=30))
def test_whatever_is_typed_is_a_code_or_mistyped(typed: str) -> None:
    try:
        found = id_of(typed)
    except Malformed:
        return
    assert code_of(found).replace("-", "") in typed.upper().replace("-", "")


def test_a_code_has_one_spelling() -> None:
    """The two check values a remainder below three would leave room for are one."""
    for _ in range(2000):
        number = int.from_bytes(secrets.token_bytes(16), "big")
        shifted = number << 22
        fits = [c for c in range((1 - shifted) % MODULUS, 2**22, MODULUS) if c >= MODULUS]
        for check in fits:
            text = "".join(ALPHABET[(shifted + check) >> 5 * at & 31] for at in reversed(range(30)))
            with pytest.raises(Malformed):
                id_of(text)
    low = next(n for n in itertools.count() if (1 - (n << 22)) % MODULUS < 3)
    whole = (low << 22) + (1 - (low << 22)) % MODULUS + MODULUS
    text = "".join(ALPHABET[whole >> 5 * at & 31] for at in reversed(range(30)))
    with pytest.raises(Malformed):
        id_of(text)


@pytest.mark.parametrize(
    "id", ["", "x", "A" * 21, "A" * 23, "A" * 21 + "B", "é" * 22, "A" * 21 + "="]
)
def test_what_is_no_id_has_no_code(id: str) -> None:
    with pytest.raises(ValueError, match="no id"):
        code_of(id)
