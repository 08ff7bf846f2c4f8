"""Timestamp tokens: structure, signature and imprint (threats OFD-21; RFC 3161, GB/T 20520)."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto.cms import read_cms
from app.crypto.timestamps import read_timestamp, verify_timestamp
from app.crypto.weak import WeakAlgorithm
from app.domain.errors import InvalidSignature, Malformed
from app.domain.scheme import Digest, Scheme
from sandbox import der
from sandbox.sm2 import sm3
from tests import cms_maker as cm
from tests.cms_maker import Tsa
from tests.corpus import corpus_file
from tests.pki import (
    NOW,
    TIME_STAMPING,
    certificate,
    extension,
    name,
    root,
    rsa_key,
    sm2_key,
)

ROOT = root("时间戳测试根", sm2_key(40))
KEY = sm2_key(41)
LEAF = certificate(name("时间戳服务"), KEY, ROOT, purposes=[TIME_STAMPING], purposes_critical=True)
OTHER = certificate(name("另一服务"), sm2_key(42), ROOT, serial=5)
VALUE = b"a signature value"
GOOD = Tsa(KEY, LEAF)
TOKEN = GOOD.token(VALUE)


def tsa(**changes: object) -> Tsa:
    return replace(GOOD, **changes)  # type: ignore[arg-type]


def test_a_token_by_sm2_over_sm3() -> None:
    token = read_timestamp(TOKEN)
    assert (token.at, token.accuracy, token.digest) == (NOW, timedelta(0), Digest.SM3)
    assert verify_timestamp(token, VALUE).scheme is Scheme.SM2_SM3


def test_a_token_by_a_classic_service() -> None:
    key = rsa_key()
    leaf = certificate(name("TSA"), key, ROOT, purposes=[TIME_STAMPING], purposes_critical=True)
    made = Tsa(
        key, leaf, digest=cm.SHA256, imprint_digest=cm.SHA512, algorithm=cm.algorithm(cm.RSA)
    )
    token = read_timestamp(made.token(VALUE))
    assert verify_timestamp(token, VALUE).scheme is Scheme.RSA_PKCS1_SHA256


def test_the_options_of_tst_info_are_read() -> None:
    accuracy = der.sequence(der.integer(1), der.tlv(0x80, b"\x05"), der.tlv(0x81, b"\x07"))
    tail = (
        der.tlv(0x01, b"\xff")
        + der.integer(99)
        + der.tlv(0xA0, der.tlv(0xA4, name("TSA")))
        + der.tlv(0xA1, extension("1.2.3", b"x"))
    )
    at = der.tlv(0x18, b"20260601120000.25Z")
    token = read_timestamp(tsa(accuracy=accuracy, tail=tail, time=at).token(VALUE))
    assert token.accuracy == timedelta(seconds=1, milliseconds=5, microseconds=7)
    assert token.at == datetime(2026, 6, 1, 12, 0, 0, 250000, tzinfo=UTC)
    verify_timestamp(token, VALUE)


def _without_certificate(maker: cm.CmsMaker) -> list[bytes]:
    return maker.usual()


def _of_another(maker: cm.CmsMaker) -> list[bytes]:
    return [*maker.usual(), cm.certificate_v2(OTHER)]


MALFORMED: dict[str, tuple[Callable[[], bytes], str]] = {
    "content of another type": (lambda: tsa(type=cm.DATA).token(VALUE), "another type"),
    "version 2": (lambda: tsa(version=2).token(VALUE), "not v1"),
    "an imprint of another size": (lambda: tsa(imprint=bytes(31)).token(VALUE), "digest's size"),
    "UTCTime": (
        lambda: tsa(time=der.tlv(0x17, b"260601120000Z")).token(VALUE), "GENERALIZED_TIME"),
    "a time without zone": (
        lambda: tsa(time=der.tlv(0x18, b"20260601120000")).token(VALUE), "as DER"),
    "an accuracy of hours": (
        lambda: tsa(accuracy=der.sequence(der.integer(7200))).token(VALUE), "not within"),
    "a negative accuracy": (
        lambda: tsa(accuracy=der.sequence(der.integer(-1))).token(VALUE), "not within"),
    "a part of 1000": (
        lambda: tsa(accuracy=der.sequence(der.tlv(0x80, b"\x03\xe8"))).token(VALUE), "1 and 999"),
    "a critical extension": (
        lambda: tsa(tail=der.tlv(0xA1, extension("1.2.3", b"x", critical=True))).token(VALUE),
        "critical",
    ),
    "members of no known kind": (lambda: tsa(tail=der.octet_string(b"x")).token(VALUE), "more than"),
    "no attributes": (
        lambda: cm.CmsMaker(
            KEY, LEAF, family=cm.SIGNED, type=cm.TST_INFO, inside=GOOD.info(VALUE), attributes=None
        ).make(),
        "signedAttrs missing",
    ),
    "detached": (
        lambda: cm.CmsMaker(KEY, LEAF, family=cm.SIGNED, type=cm.TST_INFO).make(),
        "not encapsulated",
    ),
    "zero signers": (
        lambda: cm.CmsMaker(
            KEY, LEAF, family=cm.SIGNED, type=cm.TST_INFO, inside=GOOD.info(VALUE), signers=0
        ).make(),
        "0 signers",
    ),
    "a response instead of a token": (
        lambda: der.sequence(der.sequence(der.integer(0)), TOKEN), "OBJECT IDENTIFIER"),
    "three octets": (lambda: b"\x01\x02\x03", "longer"),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_tokens(case: str) -> None:
    read_timestamp(TOKEN)
    bent, why = MALFORMED[case]
    with pytest.raises(Malformed, match=why):
        read_timestamp(bent())


INVALID: dict[str, tuple[Callable[[], bytes], str]] = {
    "the token of another signature": (lambda: GOOD.token(b"another value"), "something else"),
    "an imprint made up": (lambda: tsa(imprint=bytes(32)).token(VALUE), "something else"),
    "an unknown digest": (
        lambda: TOKEN.replace(
            der.oid(cm.SM3) + cm.NULL + der.octet_string(sm3(VALUE)),
            der.oid("1.2.156.10197.1.499") + cm.NULL + der.octet_string(sm3(VALUE)),
        ),
        "messageDigest is not",
    ),
    "no certificate named": (
        lambda: tsa(attributes=_without_certificate).token(VALUE), "signingCertificate missing"),
    "another certificate named": (lambda: tsa(attributes=_of_another).token(VALUE), "another"),
    "no certificate inside": (lambda: tsa(certificates=[]).token(VALUE), "no certificate"),
    "another key": (lambda: replace(GOOD, key=sm2_key(42)).token(VALUE), "does not verify"),
    "another message": (lambda: tsa(signed=lambda m: m + b"x").token(VALUE), "does not verify"),
}  # fmt: skip


@pytest.mark.parametrize("case", INVALID)
def test_invalid_tokens(case: str) -> None:
    verify_timestamp(read_timestamp(TOKEN), VALUE)
    bent, why = INVALID[case]
    with pytest.raises(InvalidSignature, match=why):
        verify_timestamp(read_timestamp(bent()), VALUE)


def test_an_imprint_by_sha_1_is_refused_by_name() -> None:
    token = read_timestamp(tsa(imprint_digest=cm.SHA1).token(VALUE))
    with pytest.raises(WeakAlgorithm, match="sha1"):
        verify_timestamp(token, VALUE)


@given(st.integers(0, len(TOKEN) - 1), st.integers(1, 255))
def test_a_changed_token_stamps_nothing_else(at: int, by: int) -> None:
    data = bytearray(TOKEN)
    data[at] ^= by
    with suppress(Malformed, InvalidSignature):
        token = read_timestamp(bytes(data))
        verify_timestamp(token, VALUE)
        assert (token.at, token.imprint) == (NOW, sm3(VALUE))


@given(st.binary(max_size=120))
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    with suppress(Malformed):
        read_timestamp(data)


# ---- the corpus: signature timestamps of real services, over the values beside them

STAMPED = [
    "CAdESDoubleLTA.p7m",
    "Signature-CBp-LT-2.p7m",
    "cades-dss1997.p7m",
    "cades-lta-duplicated-atst.p7m",
]


@pytest.mark.parametrize("file", STAMPED)
def test_timestamps_of_the_corpus(file: str) -> None:
    cms = read_cms(corpus_file("cms", "esig_dss", file).read_bytes())
    assert cms.timestamp is not None
    verify_timestamp(read_timestamp(cms.timestamp), cms.value)
    with pytest.raises(InvalidSignature):
        verify_timestamp(read_timestamp(cms.timestamp), cms.value + b"\0")


def test_bad_timestamps_of_the_corpus() -> None:
    for file, why in (
        ("cades-t-copied-sigtst.p7m", "something else"),
        ("cms-wrong-sign-cert-ref.p7m", "another"),
    ):
        cms = read_cms(corpus_file("cms", "esig_dss", file).read_bytes())
        assert cms.timestamp is not None
        with pytest.raises(InvalidSignature, match=why):
            verify_timestamp(read_timestamp(cms.timestamp), cms.value)
