"""A statement is read as what was signed, by whom it was signed, or not at all."""

import base64

import pytest

from app.domain.errors import InvalidSignature
from app.domain.scheme import Scheme
from app.registry.making.statements import (
    DECISION,
    PROPOSAL,
    VerifyKey,
    digest_of,
    read_statement,
    sign_statement,
)

CONTENT = {"number": 1, "note": "为什么"}


def key_of(signer, **changes):
    values = {"key_id": signer.kid, "scheme": signer.scheme, "spki": signer.held.public.spki}
    return VerifyKey(**values | changes)


@pytest.fixture
def signer(new_key):
    return new_key("chen")


@pytest.fixture
def token(signer):
    """Good as it stands: every test below spoils one thing of it."""
    made = sign_statement(PROPOSAL, CONTENT, signer)
    assert read_statement(made, PROPOSAL, key_of(signer)) == CONTENT
    return made


def test_another_kind_of_statement_by_the_same_key_is_none(token, signer):
    """Or an approval that somebody gave could be shown as a proposal of theirs."""
    with pytest.raises(InvalidSignature, match="another kind or key"):
        read_statement(token, DECISION, key_of(signer))


def test_another_key_under_the_same_name_is_none(token, signer, new_key):
    other = new_key("thief")
    with pytest.raises(InvalidSignature):
        read_statement(token, PROPOSAL, key_of(other, key_id=signer.kid))
    with pytest.raises(InvalidSignature, match="another kind or key"):
        read_statement(token, PROPOSAL, key_of(other))


def test_the_registered_key_decides_the_scheme(token, signer):
    with pytest.raises(InvalidSignature, match="another scheme"):
        read_statement(token, PROPOSAL, key_of(signer, scheme=Scheme.ECDSA_P256_SHA256))


@pytest.mark.parametrize("part", [0, 1, 2])
def test_every_part_is_signed(token, signer, part):
    parts = token.split(".")
    octets = bytearray(base64.urlsafe_b64decode(parts[part] + "=="))
    for at in range(len(octets)):
        octets[at] ^= 1
        spoilt = base64.urlsafe_b64encode(octets).decode().rstrip("=")
        octets[at] ^= 1
        with pytest.raises(InvalidSignature):
            read_statement(
                ".".join([*parts[:part], spoilt, *parts[part + 1 :]]), PROPOSAL, key_of(signer)
            )


@pytest.mark.parametrize("junk", ["", "a.b", "…", "a.b.c.d", "{}", "." * 5])
def test_anything_else_is_no_statement(junk, token, signer):
    with pytest.raises(InvalidSignature):
        read_statement(junk, PROPOSAL, key_of(signer))


def test_the_digest_is_of_what_was_signed_and_not_of_the_value(token):
    head, payload, value = token.split(".")
    assert digest_of(f"{head}.{payload}.{value[:-2]}") == digest_of(token)
    assert digest_of(f"{head}.{payload}A.{value}") != digest_of(token)
