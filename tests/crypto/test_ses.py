"""Seals and seal signatures of our own making: what is read, what is refused, what is forgiven.

Threats OFD-12 … OFD-24 as far as they concern the structure, OFD-31 (version confusion), SM-06.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import asn1
from app.crypto.digests import digest
from app.crypto.ses import (
    lists_signer,
    read_seal,
    read_seal_signature,
    sm2_value,
    verify_seal,
    verify_signature,
)
from app.crypto.ses import parts as ses_parts
from app.crypto.ses import read as ses_read
from app.crypto.ses.values import octets
from app.domain.errors import InvalidSignature, Malformed
from app.domain.scheme import Digest, Scheme
from app.domain.seal import SealDeviation, SealLayout, SealSignature
from sandbox import der, sm2
from tests import pki
from tests.pki import NOW, YEAR, SealMaker, certificate, name, sm2_key


@cache
def makers() -> tuple[bytes, bytes]:
    """Certificates of a seal maker and of a signer."""
    top = pki.root("测试根", sm2_key(1))
    maker = certificate(name("印章制作系统"), sm2_key(31), top, serial=31)
    signer = certificate(name("63000000000001"), sm2_key(32), top, serial=32)
    return maker, signer


def maker(**how: object) -> SealMaker:
    return SealMaker(sm2_key(31), makers()[0], sm2_key(32), makers()[1], **how)  # type: ignore[arg-type]


def v1(**how: object) -> SealMaker:
    return maker(
        **{
            "version": 1,
            "layout": 1,
            "created": pki.utc(NOW - YEAR),
            "since": pki.utc(NOW - YEAR),
            "until": pki.utc(NOW + YEAR),
            "time": der.bit_string(pki.utc(NOW)),
            **how,
        }
    )


def v5(**how: object) -> SealMaker:
    return maker(**{"version": 5, **how})


def token(content: bytes = b"\x30\x00") -> bytes:
    return der.tlv(0xA0, der.bit_string(content))


MAKERS: dict[SealLayout, Callable[..., SealMaker]] = {
    SealLayout.V1: v1,
    SealLayout.V4: maker,
    SealLayout.V5: v5,
}


def holds(data: bytes) -> SealSignature:
    """Both values hold and the seal names the signer."""
    signature = read_seal_signature(data)
    assert verify_signature(signature).scheme is Scheme.SM2_SM3
    assert verify_seal(signature.seal).scheme is Scheme.SM2_SM3
    assert lists_signer(signature.seal, signature.certificate)
    return signature


@pytest.mark.parametrize("layout", SealLayout)
def test_every_layout_is_read_and_verified(layout: SealLayout) -> None:
    made = MAKERS[layout]()
    signature = holds(made.signature())
    seal = signature.seal
    assert signature.layout is seal.layout is layout
    assert signature.version == seal.version == made.version
    assert signature.deviations == seal.deviations == frozenset()
    assert signature.time == NOW
    assert signature.data_hash == bytes(range(32))
    assert signature.property_info == "/Doc_0/Signs/Sign_0/Signature.xml"
    assert signature.certificate == makers()[1]
    assert seal.maker_certificate == makers()[0]
    assert (seal.vendor, seal.id, seal.type) == ("TESTVID", "63000000000001", 1)
    assert seal.name == "测试专用章"
    assert (seal.created, seal.valid_from, seal.valid_until) == (NOW - YEAR, NOW - YEAR, NOW + YEAR)
    assert (seal.picture.type, seal.picture.width, seal.picture.data) == ("PNG", 40, b"\x89PNG")
    assert seal.raw == made.seal() == read_seal(made.seal()).raw
    assert seal.info == made.info()


def test_timestamps_are_kept_apart() -> None:
    signature = holds(v5(seal_tail=token(b"seal"), tail=token(b"signature")).signature())
    assert (signature.seal.timestamp, signature.timestamp) == (b"seal", b"signature")
    assert holds(maker(tail=token()).signature()).timestamp == b"\x30\x00"
    signature = holds(v1(time=der.bit_string(b"\x30\x00")).signature())
    assert (signature.time, signature.time_token) == (None, b"\x30\x00")


# ---- who may use the seal ----


def digest_entry(name_: bytes, value: bytes) -> bytes:
    return der.sequence(der.tlv(0x13, name_), der.octet_string(value))


def test_the_list_may_hold_digests() -> None:
    value = digest(Digest.SM3, makers()[1])
    for named in (b"SM3", b"1.2.156.10197.1.401", b"sm3"):
        seal = maker(list_type=2, listed=[digest_entry(named, value)])
        signature = holds(seal.signature())
        assert signature.seal.certificates == ()
        named_oddly = SealDeviation.DIGEST_NAME in signature.seal.deviations
        assert named_oddly is (named == b"sm3")


def test_ofd_14_a_signer_the_seal_does_not_name() -> None:
    other = der.octet_string(makers()[0])
    wrong_digest = digest_entry(b"SM3", digest(Digest.SM3, makers()[0]))
    weak = digest_entry(b"SHA1", bytes(20))
    for listed, kind in (([other], 1), ([wrong_digest], 2), ([weak], 2)):
        signature = read_seal_signature(maker(listed=listed, list_type=kind).signature())
        verify_signature(signature)
        verify_seal(signature.seal)
        assert not lists_signer(signature.seal, signature.certificate)
    assert holds(maker(listed=[other, der.octet_string(makers()[1])]).signature())


def test_ofd_14_a_seal_transplanted_under_another_signer() -> None:
    thief = replace(maker(), signer=sm2_key(66))
    top = pki.root("测试根", sm2_key(1))
    thief.signer_certificate = certificate(name("贼"), sm2_key(66), top, serial=66)
    signature = read_seal_signature(thief.signature(seal=maker().seal()))
    verify_signature(signature)
    verify_seal(signature.seal)
    assert not lists_signer(signature.seal, signature.certificate)


# ---- refused structures ----


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (maker(layout=1), "timeInfo: BIT STRING with content expected"),
        (v5(layout=1), "version it never carried"),
        (maker(version=1), "neither version 4 nor 5"),
        (maker(version=3), "neither version 4 nor 5"),
        (maker(version=6), "of a version this service does not know"),
        (maker(version=44), "of a version this service does not know"),
        (v1(version=6), "of a version this service does not know"),
        (maker(version=-4), "neither version 4 nor 5"),
        (v1(version=0), "version it never carried"),
        (v1(version=5), "version it never carried"),
        (maker(tbs_version=5), "of another version"),
        (v5(tbs_version=4), "of another version"),
        (v1(tbs_version=4), "of another version"),
        (maker(seal_tail=token()), "fifth member"),
        (maker(seal_tail=token() + token()), "neither two nor four nor five"),
        (maker(info_tail=der.integer(1)), "more than the structure"),
        (maker(tbs_tail=der.integer(1)), "more than the structure"),
        (maker(tail=der.integer(1)), "more than the structure"),
        (maker(tail=token() + token()), "neither two nor four nor five"),
        (v1(tail=token()), "neither two nor four nor five"),
        (v1(tbs_tail=token()), "more than the structure"),
        (v1(seal_tail=token()), "neither two nor four nor five"),
        (maker(list_type=2), "SEQUENCE expected"),
        (maker(list_type=3), "neither 1 nor 2"),
        (maker(listed=[digest_entry(b"SM3", bytes(32))]), "OCTET STRING expected"),
        (maker(list_type=2, listed=[digest_entry(b"CRC", b"1")]), "a digest nobody names so"),
        (maker(listed=[der.octet_string(b"x")] * (ses_parts.MAX_SIGNERS + 1)), "128"),
        (maker(listed=[der.octet_string(bytes(ses_parts.MAX_CERTIFICATE + 1))]), "16384"),
        (maker(property_info=pki.ia5("/Doc\0/x")), "NUL"),
        (maker(property_info=der.tlv(0x16, b"/\xe4\xb8\xad")), "alphabet"),
        (maker(property_info=pki.utf8("/x")), "IA5 expected"),
        (maker(property_info=pki.ia5("x" * (ses_read.MAX_PROPERTY + 1))), "4096"),
        (maker(time=pki.ia5("20260601120000Z")), "time expected"),
        (maker(time=der.tlv(0x18, b"20261301120000Z")), "no such moment"),
        (maker(time=der.tlv(0x18, b"2026060112Z")), "no vendor is known for"),
        (maker(time=der.tlv(0x18, b"20260601120000+0900")), "no vendor is known for"),
        (maker(time=der.tlv(0x18, b"20260601120000Z" + b"0" * 99)), "no vendor is known for"),
        (v1(time=der.bit_string(b"1537859051")), "no vendor is known for"),
        (maker(data_hash=der.bit_string(bytes(29))), "no digest's size"),
        (maker(data_hash=der.tlv(3, b"")), "BIT STRING with content"),
        (maker(data_hash=der.tlv(3, b"\x01" + bytes(31) + b"\x01")), "means nothing"),
        (maker(data_hash=der.tlv(3, b"\x09" + bytes(32))), "means nothing"),
    ],
)
def test_ofd_31_confusion_and_broken_structures(broken: SealMaker, why: str) -> None:
    twin = MAKERS[SealLayout.V1 if broken.layout == 1 else SealLayout.V4]()
    assert holds(twin.signature())
    with pytest.raises(Malformed, match=why):
        read_seal_signature(broken.signature())


def test_ofd_31_members_of_one_layout_in_another() -> None:
    with pytest.raises(Malformed, match="four members around a seal of 2014"):
        read_seal_signature(maker(version=4).signature(seal=v1(version=4).seal()))
    with pytest.raises(Malformed, match="of another version"):
        read_seal_signature(v1(version=4).signature(seal=maker().seal()))
    with pytest.raises(Malformed, match="of another version"):
        read_seal_signature(v5().signature(seal=maker().seal()))


def test_bytes_after_the_structure_and_other_framing() -> None:
    data = maker().signature()
    assert holds(data)
    for broken, why in (
        (data + b"\0", "bytes after"),
        (data[:-1], "longer than what holds it"),
        (b"", "cut short"),
        (b"\x30\x80" + data[4:] + b"\0\0", "indefinite"),
        (b"\x30\x84\0" + data[2:], "shortest form"),
        (b"\x30\x83" + b"\0" + data[2:], "shortest form"),
        (b"\x1f" + data[1:], "high tag"),
        (b"\x31" + data[1:], "SEQUENCE expected"),
    ):
        with pytest.raises(Malformed, match=why):
            read_seal_signature(broken)


def test_size_is_limited_before_anything_is_read() -> None:
    with pytest.raises(Malformed, match="larger than 8388608 bytes"):
        read_seal_signature(bytes(ses_read.LIMITS.octets + 1))
    with pytest.raises(Malformed, match="larger than 8388608 bytes"):
        read_seal(b"\x30\x80" + bytes(ses_read.LIMITS.octets))


def test_messages_name_places_and_never_content() -> None:
    with pytest.raises(Malformed) as refusal:
        read_seal_signature(maker(time=der.tlv(0x18, b"SECRET")).signature())
    assert "SECRET" not in str(refusal.value)


# ---- values that do not hold ----


def test_ofd_12_ofd_17_every_changed_octet_is_noticed() -> None:
    """One bit of every octet: either nothing verifies any more, or the form is forgiven by name."""
    for made in (maker(tail=token()), v1()):
        data = made.signature()
        untouched = holds(data)
        for place in range(len(data)):
            changed = bytearray(data)
            changed[place] ^= 1 << place % 8
            try:
                signature = read_seal_signature(bytes(changed))
                values = verify_signature(signature), verify_seal(signature.seal)
            except (Malformed, InvalidSignature):
                continue
            if not lists_signer(signature.seal, signature.certificate):
                continue
            forgiven = signature.deviations.union(*(v.deviations for v in values))
            same_act = signature.message == untouched.message
            assert same_act, place
            assert forgiven or signature.timestamp != untouched.timestamp, place


def test_ofd_17_a_seal_changed_after_it_was_made() -> None:
    made = maker()
    forged = replace(made, until=pki.generalized(NOW + 9 * YEAR))
    info, seal = made.info(), made.seal()
    assert len(info) == len(forged.info())
    signature = read_seal_signature(made.signature(seal=seal.replace(info, forged.info())))
    verify_signature(signature)
    with pytest.raises(InvalidSignature, match="does not verify"):
        verify_seal(signature.seal)


def test_the_message_of_v1_is_not_the_message_of_v4() -> None:
    """A v4 maker's value under v1 and the reverse: one structure, one message, no second try."""
    only_info = replace(v1(), value=lambda _: der.bit_string(sm2_key(31).sign(v1().info())))
    with pytest.raises(InvalidSignature):
        verify_seal(read_seal(only_info.seal()))
    whole = der.sequence(maker().info(), der.octet_string(makers()[0]), der.oid(pki.SM2_OID))
    with_more = replace(maker(), value=lambda _: der.bit_string(sm2_key(31).sign(whole)))
    with pytest.raises(InvalidSignature):
        verify_seal(read_seal(with_more.seal()))


@pytest.mark.parametrize(
    ("algorithm", "why"),
    [
        ("1.2.840.113549.1.1.5", "weak_algorithm"),
        ("1.2.840.113549.1.1.11", "key"),
        ("1.2.840.10045.4.3.2", "key"),
        ("1.2.156.10197.1.502", "weak_algorithm"),
        ("1.2.156.10197.1.503", "unknown"),
        ("1.2.3.4", "unknown"),
    ],
)
def test_ofd_23_an_algorithm_that_is_not_the_keys(algorithm: str, why: str) -> None:
    signature = read_seal_signature(maker(algorithm=der.oid(algorithm)).signature())
    for verify in (verify_signature, lambda s: verify_seal(s.seal)):
        with pytest.raises(InvalidSignature, match=why):
            verify(signature)


def test_sm_03_a_value_over_the_message_without_z() -> None:
    class NoZ:
        def __init__(self) -> None:
            self.private = sm2.PrivateKey(77777)

        def sign(self, message: bytes) -> bytes:
            signed = self.private.sign_digest(sm2.sm3(message), 123456789)
            assert signed is not None
            return sm2.encode_der(signed)

    key = NoZ()
    made = maker()
    top = pki.root("测试根", sm2_key(1))
    public = pki.Key(key.private.public().spki(), der.sequence(der.oid(pki.SM2_OID)), key.sign)
    made.signer, made.signer_certificate = public, certificate(name("无Z"), public, top, serial=5)
    with pytest.raises(InvalidSignature):
        verify_signature(read_seal_signature(made.signature()))


# ---- forgiven by name ----


def raw(value: bytes) -> tuple[int, int]:
    """(r, s) of a value in DER, read by hand."""
    size = value[3]
    return int.from_bytes(value[4 : 4 + size], "big"), int.from_bytes(value[6 + size :], "big")


def as_raw(value: bytes) -> bytes:
    return der.bit_string(sm2.encode_raw(raw(value)))


def loose_integer(number: int, *, padded: bool) -> bytes:
    return der.tlv(2, number.to_bytes(34 if padded else 32, "big"))


def unsigned(value: bytes) -> bytes:
    return der.bit_string(der.sequence(*(loose_integer(n, padded=False) for n in raw(value))))


def padded(value: bytes) -> bytes:
    return der.bit_string(der.sequence(*(loose_integer(n, padded=True) for n in raw(value))))


def as_octets(value: bytes) -> bytes:
    return der.octet_string(value)


def with_length(value: bytes) -> bytes:
    return der.tlv(3, bytes((64,)) + sm2.encode_raw(raw(value)))


def as_named_bits(value: bytes) -> bytes:
    """As an encoder of named bits writes octets: trailing zeros counted as unused, or dropped."""
    content = value.rstrip(b"\0")
    unused = (content[-1] & -content[-1]).bit_length() - 1
    return der.tlv(3, bytes((unused,)) + content)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (as_raw, {SealDeviation.RAW_SIGNATURE}),
        (padded, {SealDeviation.INTEGER_NOT_MINIMAL}),
        (as_octets, set()),
        (with_length, {SealDeviation.RAW_SIGNATURE}),
    ],
)
def test_forms_of_a_signature_value(
    value: Callable[[bytes], bytes], named: set[SealDeviation]
) -> None:
    signature = read_seal_signature(maker(value=value).signature())
    assert verify_signature(signature).deviations == named
    assert verify_seal(signature.seal).deviations == named
    outer = {
        as_octets: {SealDeviation.OCTETS_FOR_BITS},
        with_length: {SealDeviation.UNUSED_BITS_ARE_LENGTH},
    }
    assert signature.deviations == outer.get(value, set())


def test_integers_without_their_leading_zero() -> None:
    found = set()
    for day in range(8):
        signature = read_seal_signature(
            maker(value=unsigned, time=pki.generalized(NOW + timedelta(days=day))).signature()
        )
        found |= verify_signature(signature).deviations
    assert SealDeviation.INTEGER_UNSIGNED in found


def test_trailing_zeros_called_unused_or_dropped() -> None:
    """Seals are made until values end in a zero bit, and in a zero octet."""
    seen = set()
    for second in range(1200):
        time = pki.generalized(NOW + timedelta(seconds=second))
        made = maker(value=as_named_bits, time=time)
        value = sm2_key(32).sign(b"%d" % second)
        content = as_named_bits(value)
        if value[-1] != 0 and second > 8:
            continue
        if value[-1] == 0:
            normal = sm2_value(content[3:])
            assert normal.der == value
            seen |= normal.deviations
            break
        signature = read_seal_signature(made.signature())
        verify_signature(signature)
        verify_seal(signature.seal)
        seen |= signature.deviations | signature.seal.deviations
    assert {SealDeviation.UNUSED_BITS, SealDeviation.STRIPPED_ZEROS} <= seen


def test_a_data_hash_whose_trailing_zeros_were_dropped() -> None:
    whole = bytes(range(1, 31)) + b"\0\0"
    short = maker(data_hash=der.tlv(3, b"\x01" + whole[:30]))
    signature = holds(short.signature())
    assert signature.data_hash == whole
    assert signature.deviations == {SealDeviation.STRIPPED_ZEROS, SealDeviation.UNUSED_BITS}


@pytest.mark.parametrize(
    ("time", "named", "moment"),
    [
        (pki.utc(NOW), {SealDeviation.OTHER_TIME_TYPE}, NOW),
        (der.tlv(0x18, b"260601120000Z"), {SealDeviation.TWO_DIGIT_YEAR}, NOW),
        (der.tlv(0x18, b"20260601200000"), {SealDeviation.LOCAL_TIME}, NOW),
        (
            der.tlv(0x18, b"260601200000"),
            {SealDeviation.LOCAL_TIME, SealDeviation.TWO_DIGIT_YEAR},
            NOW,
        ),
        (der.tlv(0x18, b"20260601200000+0800"), {SealDeviation.TIME_OFFSET}, NOW),
        (der.tlv(0x18, b"20260601120000.5Z"), set(), NOW + timedelta(milliseconds=500)),
    ],
)
def test_times_as_vendors_write_them(
    time: bytes, named: set[SealDeviation], moment: datetime
) -> None:
    signature = holds(maker(time=time).signature())
    assert (signature.time, signature.deviations) == (moment, named)


@pytest.mark.parametrize(
    ("text", "more", "moment"),
    [
        (b"260601120000Z", set(), NOW),
        (b"20260601120000Z", set(), NOW),
        (b"2026-06-01 20:00:00", {SealDeviation.LOCAL_TIME}, NOW),
        (b"2026-06-01T12:00:00.250Z", set(), NOW + timedelta(milliseconds=250)),
    ],
)
def test_times_as_v1_writes_them(text: bytes, more: set[SealDeviation], moment: datetime) -> None:
    signature = holds(v1(time=der.bit_string(text)).signature())
    assert signature.time == moment
    assert signature.deviations == more | {SealDeviation.TIME_AS_TEXT}


def test_the_century_of_two_digits() -> None:
    for digits, year in ((b"49", 2049), (b"50", 1950), (b"99", 1999)):
        signature = holds(
            v1(time=der.bit_string(der.tlv(0x17, digits + b"0101000000Z"))).signature()
        )
        assert signature.time == datetime(year, 1, 1, tzinfo=UTC)


def test_the_layout_of_2014_with_the_integers_it_was_seen_with() -> None:
    for version in (2, 4):
        signature = holds(v1(version=version).signature())
        assert (signature.layout, signature.version) == (SealLayout.V1, version)
        assert signature.seal.deviations == {SealDeviation.OTHER_INTEGER_IN_V1}


def ext_data(*, flag: bytes = b"") -> bytes:
    return der.sequence(der.sequence(der.oid("1.2.3"), flag, der.octet_string(b"x")))


def test_extension_data_tagged_or_not() -> None:
    tagged = holds(maker(extensions=der.tlv(0xA0, ext_data())).signature()).seal
    assert [(e.id, e.critical, e.value) for e in tagged.extensions] == [("1.2.3", False, b"x")]
    assert tagged.deviations == frozenset()
    plain = holds(maker(extensions=ext_data(flag=der.tlv(1, b"\0"))).signature()).seal
    assert plain.deviations == {SealDeviation.UNTAGGED_EXTENSIONS, SealDeviation.DEFAULT_ENCODED}
    assert holds(maker(tbs_tail=der.tlv(0xA0, ext_data(flag=der.tlv(1, b"\xff")))).signature())
    with pytest.raises(Malformed, match="BOOLEAN"):
        read_seal(maker(extensions=ext_data(flag=der.tlv(1, b"\1"))).seal())


@pytest.mark.parametrize(
    ("algorithm", "named"),
    [
        ("1.2.156.10197.1.301.1", SealDeviation.KEY_ALGORITHM),
        ("1.2.156.10197.6.1.4.2.2", SealDeviation.CMS_ALGORITHM),
    ],
)
def test_misnomers_of_sm2_beside_an_sm2_key_only(algorithm: str, named: SealDeviation) -> None:
    signature = read_seal_signature(maker(algorithm=der.oid(algorithm)).signature())
    assert verify_signature(signature).deviations == {named}
    key = pki.ecdsa_key()
    other = maker(algorithm=der.oid(algorithm))
    top = pki.root("测试根", sm2_key(1))
    other.signer, other.signer_certificate = key, certificate(name("经典"), key, top, serial=6)
    with pytest.raises(InvalidSignature, match="misnomer"):
        verify_signature(read_seal_signature(other.signature()))


def test_a_stored_seal_of_indefinite_length() -> None:
    def loose(value: bytes) -> bytes:
        """The same SEQUENCE with an indefinite length."""
        size = 2 if value[1] < 0x80 else 2 + (value[1] & 0x7F)
        return b"\x30\x80" + value[size:] + b"\0\0"

    made = maker()
    info = loose(made.info())
    value = der.bit_string(sm2_key(31).sign(info))
    stored = loose(der.sequence(info, der.octet_string(makers()[0]), made.algorithm, value))
    seal = read_seal(stored)
    assert verify_seal(seal)
    assert (seal.info, seal.raw) == (info, stored)
    assert seal.deviations == {SealDeviation.INDEFINITE_LENGTH}
    with pytest.raises(Malformed):
        read_seal_signature(made.signature(seal=stored))
    with pytest.raises(Malformed, match="layout of 2014"):
        read_seal(loose(v1().seal()))
    for broken in (stored[:-1], stored[:-2], stored + b"\0", b"\x30\x80" * 40, b"\x30\x80\x24\x80"):
        with pytest.raises(Malformed):
            read_seal(broken)


# ---- the one function that normalises ----


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (b"", "neither SEQUENCE nor 64"),
        (bytes(61), "neither SEQUENCE nor 64"),
        (bytes(65), "neither SEQUENCE nor 64"),
        (der.sequence(der.integer(1)), "s: INTEGER expected"),
        (der.sequence(der.integer(1), der.integer(1), der.integer(1)), "more than 2 values"),
        (der.sequence(der.integer(1), der.integer(1)) + b"\0", "bytes after"),
        (der.sequence(der.integer(1), der.tlv(2, b"")), "without content"),
        (der.sequence(der.integer(1), der.tlv(2, b"\1" + bytes(32))), "beyond 32"),
        (der.sequence(der.integer(1 << 255), der.integer(1 << 255))[:-3], "longer than"),
        (der.tlv(0x30, der.integer(1) + der.tlv(4, b"1")), "INTEGER expected"),
        (der.sequence(der.integer(1), der.tlv(2, bytes(80) + b"\1")), "larger than 80|longer than"),
    ],
)
def test_sm_06_values_that_are_no_value(value: bytes, why: str) -> None:
    assert sm2_value(sm2_key(1).sign(b"twin")).deviations == frozenset()
    with pytest.raises(Malformed, match=why):
        sm2_value(value)


@given(st.integers(0, (1 << 256) - 1), st.integers(0, (1 << 256) - 1))
def test_every_form_of_two_numbers_gives_the_one_der(r: int, s: int) -> None:
    strict = sm2.encode_der((r, s))
    assert sm2_value(strict).der == strict
    assert sm2_value(strict).deviations == frozenset()
    loose = der.sequence(loose_integer(r, padded=False), loose_integer(s, padded=False))
    assert sm2_value(loose).der == strict
    octets = sm2.encode_raw((r, s))
    if not (octets[0] == 0x30 and octets[2] == 2):
        assert sm2_value(octets).der == strict
        assert SealDeviation.RAW_SIGNATURE in sm2_value(octets).deviations


@given(st.binary(max_size=100))
def test_any_value_is_normal_or_malformed(value: bytes) -> None:
    try:
        normal = sm2_value(value)
    except Malformed:
        return
    assert sm2_value(normal.der) == replace(normal, deviations=frozenset())


# ---- whatever the bytes ----


@given(st.binary(max_size=400))
def test_any_bytes_are_a_seal_or_malformed(data: bytes) -> None:
    for read in (read_seal, read_seal_signature):
        with pytest.raises(Malformed):
            read(data)


@given(st.data())
def test_any_mutation_is_malformed_or_reads_within_limits(data: st.DataObject) -> None:
    made = data.draw(st.sampled_from(list(MAKERS.values())))()
    octets = bytearray(_made(made.layout, made.version))
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(octets) - 1))
        match data.draw(st.sampled_from("rdi")):
            case "r":
                octets[place] = data.draw(st.integers(0, 255))
            case "d":
                del octets[place : place + data.draw(st.integers(1, 8))]
            case _:
                octets[place:place] = data.draw(st.binary(min_size=1, max_size=8))
    try:
        signature = read_seal_signature(bytes(octets))
        verify_signature(signature)
        verify_seal(signature.seal)
    except (Malformed, InvalidSignature):
        return
    assert isinstance(signature, SealSignature)


@cache
def _made(layout: int, version: int) -> bytes:
    return (v1() if layout == 1 else maker(version=version)).signature()


def test_a_bit_string_where_octets_belong_is_read_by_name() -> None:
    seen = set[SealDeviation]()
    assert octets(_element(der.octet_string(b"seal")), "cert", seen) == b"seal"
    assert seen == set()
    assert octets(_element(der.bit_string(b"seal")), "cert", seen) == b"seal"
    assert seen == {SealDeviation.BITS_FOR_OCTETS}


@pytest.mark.parametrize(
    "content", [der.tlv(0x03, b"\x04seal"), der.tlv(0x03, b""), der.utf8("seal"), der.integer(5)]
)
def test_nothing_else_stands_for_octets(content: bytes) -> None:
    with pytest.raises(Malformed):
        octets(_element(content), "cert", set())


def _element(content: bytes) -> asn1.Element:
    return asn1.read(content, ses_read.LIMITS, "cert")
