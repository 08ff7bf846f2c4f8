"""Certificates: what is read of them, which are refused, and who may act as what."""

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import certificates, extensions, names
from app.crypto.certificates import read_certificate, role_finding, verify_issued
from app.crypto.digests import digest
from app.crypto.weak import WeakAlgorithm
from app.domain.certificate import (
    Certificate,
    CertificateDeviation,
    KeyUsage,
    Role,
    RoleFinding,
)
from app.domain.errors import InvalidSignature, Malformed
from app.domain.scheme import Digest, Scheme
from sandbox import der
from tests import pki
from tests.corpus import manifest
from tests.pki import NOW, YEAR, certificate, extension, name, sm2_key

CODE = "11630000000000000A"
CODES = ("1.2.156.10260.4.1.4", "1.2.156.10260.4.4")


@cache
def top() -> pki.Authority:
    return pki.root("测试根", sm2_key(1))


def made(subject: bytes | None = None, **how: object) -> bytes:
    return certificate(subject or name("63000000000001"), sm2_key(5), top(), **how)  # type: ignore[arg-type]


def test_everything_that_decides_is_read() -> None:
    points = [extension("2.5.29.31", pki.crl_points("ldap://ca.example/x", "http://ca.example/y"))]
    data = made(more=points, purposes=["1.3.6.1.5.5.7.3.4"], serial=77)
    read = read_certificate(data)
    assert read.sha256 == digest(Digest.SHA256, data).hex()
    assert read.sm3 == digest(Digest.SM3, data).hex()
    assert read.serial == 77
    assert [(a.type, a.text) for a in read.subject] == [
        ("2.5.4.6", "CN"),
        ("2.5.4.3", "63000000000001"),
    ]
    assert read.issuer_raw == read_certificate(top().der).subject_raw == top().name
    assert (read.spki, read.scheme) == (sm2_key(5).spki, Scheme.SM2_SM3)
    assert (read.not_before, read.not_after) == (NOW - YEAR, NOW + YEAR)
    assert read.key_usage == {KeyUsage.DIGITAL_SIGNATURE, KeyUsage.NON_REPUDIATION}
    assert read.extended_key_usage == {"1.3.6.1.5.5.7.3.4"}
    assert not read.extended_key_usage_critical
    assert (read.is_ca, read.path_length) == (False, None)
    assert (read.key_id, read.authority_key_id) == (sm2_key(5).key_id, sm2_key(1).key_id)
    assert read.crl_points == ("ldap://ca.example/x", "http://ca.example/y")
    assert (read.signature_oid, read.signature_parameters) == (pki.SM2_OID, None)
    assert read.deviations == frozenset()
    assert read.valid_at(NOW)
    assert not read.valid_at(NOW + 2 * YEAR)


def test_keys_fix_their_schemes_and_rsa_leaves_it_open() -> None:
    for key, scheme in (
        (sm2_key(5), Scheme.SM2_SM3),
        (pki.ecdsa_key(), Scheme.ECDSA_P256_SHA256),
        (pki.rsa_key(), None),
    ):
        assert read_certificate(certificate(name("x"), key, top())).scheme is scheme
    odd = der.sequence(der.sequence(der.oid("1.2.3")), der.bit_string(b"key"))
    strange = replace(sm2_key(5), spki=odd)
    assert read_certificate(certificate(name("x"), strange, top())).scheme is None


def verify(leaf: Certificate, issuer: Certificate) -> None:
    verify_issued(leaf.signature_oid, leaf.signature_parameters, leaf.message, leaf.value, issuer)


def test_who_issued() -> None:
    leaf, issuer = read_certificate(made()), read_certificate(top().der)
    verify(leaf, issuer)
    with pytest.raises(InvalidSignature):
        verify(leaf, read_certificate(pki.root("测试根", sm2_key(9)).der))
    with pytest.raises(InvalidSignature, match="not of the issuer's key"):
        verify(leaf, read_certificate(pki.root("测试根", pki.ecdsa_key()).der))
    weak = pki.root("弱", pki.rsa_key(oid="1.2.840.113549.1.1.5"))
    with pytest.raises(WeakAlgorithm):
        verify(read_certificate(weak.der), read_certificate(weak.der))


# ---- organisation codes ----


@pytest.mark.parametrize(
    ("subject", "more", "where"),
    [
        (name("x", ("2.5.4.10", pki.utf8(CODE + "某厅"))), [], "named"),
        (name("x", ("2.5.4.97", pki.utf8("NTRCN-" + CODE))), [], "named"),
        (name("x", ("2.5.4.11", pki.utf8("N" + CODE))), [], None),
        (name("x", ("2.5.4.11", pki.utf8("N@" + CODE + "@10"))), [], "chosen"),
        (name(CODE), [], None),
        (name("x"), [extension(CODES[0], der.tlv(0x13, CODE.encode()))], "certified"),
        (name("x"), [extension(CODES[1], der.tlv(0x0C, CODE.encode()))], "certified"),
        (name("x"), [extension(CODES[0], CODE.encode())], "certified"),
        (name("x"), [extension("1.2.156.10260.4.1.5", CODE.encode())], None),
        (name("x", ("2.5.4.10", pki.utf8("1163000000000000IO"))), [], None),
        (name("x", ("2.5.4.10", pki.utf8(CODE + "9"))), [], None),
    ],
)
def test_organisation_codes(subject: bytes, more: list[bytes], where: str | None) -> None:
    read = read_certificate(made(subject, more=more))
    assert read.organisation_codes == ((CODE,) if where else ())
    assert read.certified_codes == ((CODE,) if where == "certified" else ())
    assert read.named_codes == ((CODE,) if where == "named" else ())


def test_the_extension_comes_before_the_name() -> None:
    other = "91350200260063198M"
    subject = name("x", ("2.5.4.11", pki.utf8(CODE)), ("2.5.4.10", pki.utf8(CODE)))
    more = [extension(CODES[0], der.tlv(0x13, other.encode()))]
    assert read_certificate(made(subject, more=more)).organisation_codes == (other, CODE)


# ---- odd, and read ----


@pytest.mark.parametrize(
    ("how", "named"),
    [
        ({"serial": b"\x00\x01"}, CertificateDeviation.SERIAL_NOT_MINIMAL),
        ({"serial": b"\xff"}, CertificateDeviation.SERIAL_NEGATIVE),
        ({"serial": 0}, CertificateDeviation.SERIAL_ZERO),
        ({"serial": b"\x01" * 21}, CertificateDeviation.SERIAL_LONG),
        ({"version": 0}, CertificateDeviation.VERSION),
        ({"version": 1}, CertificateDeviation.VERSION),
        (
            {"inner_algorithm": der.sequence(der.oid(pki.ECDSA_OID))},
            CertificateDeviation.ALGORITHMS_DIFFER,
        ),
        (
            {"inner_algorithm": der.sequence(der.oid(pki.SM2_OID), der.tlv(5, b""))},
            CertificateDeviation.ALGORITHMS_DIFFER,
        ),
        (
            {"more": [extension("1.2.3", b"", critical=True)]},
            CertificateDeviation.UNKNOWN_CRITICAL,
        ),
        (
            {"more": [extension("1.2.3", b""), extension("1.2.3", b"")]},
            CertificateDeviation.DUPLICATE_EXTENSION,
        ),
        (
            {"more": [der.sequence(der.oid("1.2.3"), der.tlv(1, b"\0"), der.octet_string(b""))]},
            CertificateDeviation.DEFAULT_ENCODED,
        ),
        ({"more": [extension("2.5.29.31", b"no")]}, CertificateDeviation.EXTENSION_UNREADABLE),
        (
            {"usage": None, "more": [extension("2.5.29.15", bytes.fromhex("030200c0"))]},
            CertificateDeviation.UNUSED_BITS,
        ),
    ],
)
def test_what_is_odd_is_named(how: dict[str, object], named: CertificateDeviation) -> None:
    assert read_certificate(made()).deviations == frozenset()
    assert read_certificate(made(**how)).deviations == {named}


def test_a_generalized_time_before_2050_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = read_certificate(made())
    monkeypatch.setattr(pki, "utc", pki.generalized)
    odd = read_certificate(made())
    assert odd.deviations == {CertificateDeviation.TIME_FORM}
    assert (odd.not_before, odd.not_after) == (plain.not_before, plain.not_after)


def test_an_odd_key_usage_says_what_it_says() -> None:
    for octets in ("030206c0", "030200c0", "03030000c0"):
        odd = made(usage=None, more=[extension("2.5.29.15", bytes.fromhex(octets))])
        usage = read_certificate(odd).key_usage
        first = {KeyUsage.DIGITAL_SIGNATURE, KeyUsage.NON_REPUDIATION}
        assert usage == (first if octets != "03030000c0" else {KeyUsage.DECIPHER_ONLY})


def test_texts_of_names_are_bounded_and_never_refuse() -> None:
    subject = name(
        "长" * 300,
        ("2.5.4.45", pki.utf8("B00102")),
        ("1.2.840.113549.1.9.1", der.tlv(0x16, "邮@例".encode())),
        ("2.5.4.10", der.tlv(0x0C, b"\xff\xfe")),
        ("2.5.4.11", pki.utf8("a\u202eb")),
        ("2.5.4.4", der.tlv(0x1E, "名".encode("utf-16-be"))),
        ("2.5.4.12", der.tlv(0x30, b"")),
    )
    read = read_certificate(made(subject))
    texts = {a.type: a.text for a in read.subject}
    assert len(texts["2.5.4.3"]) == names.MAX_TEXT
    assert texts["2.5.4.45"] == "B00102"
    assert texts["1.2.840.113549.1.9.1"] == "邮@例"
    assert texts["2.5.4.11"] == "a\ufffdb"
    assert texts["2.5.4.4"] == "名"
    assert read.deviations == {CertificateDeviation.NAME_TEXT}
    assert read.subject_raw == subject


# ---- refused ----


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"usage": None, "more": [extension("2.5.29.15", b"no")]}, "keyUsage"),
        ({"usage": None, "more": [extension("2.5.29.15", b"\3\2\x09\xc0")]}, "keyUsage"),
        ({"basic": False, "more": [extension("2.5.29.19", b"\x31\0")]}, "SEQUENCE expected"),
        (
            {"basic": False, "more": [extension("2.5.29.19", b"\x30\x03\x01\x01\x01")]},
            "BOOLEAN neither 00 nor FF",
        ),
        ({"ca": True, "path_length": -1}, "negative path length"),
        ({"more": [extension("2.5.29.37", b"\x30\0")]}, "no purpose"),
        ({"more": [extension(f"1.2.{i}", b"") for i in range(65)]}, "more than 64"),
        ({"more": [extension("1.2.3", bytes(16 * 1024))]}, "larger than 16384"),
        ({"more": [extension(f"1.2.{1 << 70}", b"")]}, "arcs of 64 bits"),
        ({"version": 7}, "neither v1 nor v2 nor v3"),
        ({"serial": b""}, "without content"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_crt_13_what_decides_is_exact_or_the_certificate_is_refused(
    how: dict[str, object], why: str
) -> None:
    assert read_certificate(made())
    with pytest.raises(Malformed, match=why):
        read_certificate(made(**how))


def test_crt_13_a_million_extensions_and_deep_nesting() -> None:
    with pytest.raises(Malformed, match="larger than 16384"):
        read_certificate(made(more=[extension("1.2.3", b"")] * 10_000))
    deep = b""
    for _ in range(120):
        deep = der.tlv(0xA0, deep)
    assert read_certificate(made(more=[extension("2.5.29.31", deep)])).crl_points == ()
    with pytest.raises(Malformed):
        read_certificate(made(deep))


def test_framing() -> None:
    data = made()
    for broken in (data + b"\0", data[:-1], b"\x30\x80" + data[4:] + b"\0\0", b"", b"\0" * 50):
        with pytest.raises(Malformed):
            read_certificate(broken)


def test_messages_name_places_and_never_content() -> None:
    with pytest.raises(Malformed) as refusal:
        read_certificate(made(usage=None, more=[extension("2.5.29.15", b"SECRET")]))
    assert "SECRET" not in str(refusal.value)


def test_limits_are_named() -> None:
    assert certificates.LIMITS.octets == 16 * 1024
    assert extensions.MAX_EXTENSIONS == 64


# ---- whatever the bytes ----


@given(st.binary(max_size=300))
def test_any_bytes_are_a_certificate_or_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_certificate(data)


@cache
def _sample() -> bytes:
    points = [extension("2.5.29.31", pki.crl_points("http://ca.example/y"))]
    codes = [extension(CODES[0], der.tlv(0x13, CODE.encode()))]
    return made(more=[*points, *codes], purposes=["1.3.6.1.5.5.7.3.4"])


@given(st.data())
def test_any_mutation_is_read_or_malformed(data: st.DataObject) -> None:
    octets = bytearray(_sample())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(octets) - 1))
        if data.draw(st.booleans()):
            octets[place] = data.draw(st.integers(0, 255))
        else:
            octets[place:place] = data.draw(st.binary(min_size=1, max_size=4))
    try:
        read = read_certificate(bytes(octets))
    except Malformed:
        return
    for role in Role:
        role_finding(read, role)


def test_every_changed_octet_breaks_the_signature_or_the_reading() -> None:
    data, issuer = _sample(), read_certificate(top().der)
    verify(read_certificate(data), issuer)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        with pytest.raises((Malformed, InvalidSignature)):
            verify(read_certificate(bytes(changed)), issuer)


# ---- real certificates ----

REAL = [row for row in manifest("x509_sm2") if row.path.endswith(".der")]
ENCRYPTION = ("_enc", "encCert")


@pytest.mark.parametrize("row", REAL, ids=lambda row: "/".join(row.path.rsplit("/", 2)[1:]))
def test_every_real_certificate_is_read(row) -> None:
    data = row.file.read_bytes()
    read = read_certificate(data)
    assert read.der == data
    assert read.not_before < read.not_after
    assert read.key_usage is not None or "openSSL3" in row.path
    if any(word in row.path for word in ENCRYPTION):
        assert role_finding(read, Role.SIGNER) is RoleFinding.ENCRYPTION_CERTIFICATE


NOT_OURS = {
    "sm2-cert.pem.der": "its key calls the curve an algorithm (GM/T 0015 says id-ecPublicKey)",
    "sm2-noza-cert.pem.der": "the same, and signed without Z (threats SM-03)",
    "sm2-noza-root-cert.pem.der": "the same, and signed without Z (threats SM-03)",
    "x509_additional_openSSL3Certificate.der": "the same, and signed under an empty id (SM-02)",
}


def test_real_issuers_are_found_among_real_certificates() -> None:
    if not REAL:
        pytest.skip("corpus not beside the project: x509_sm2 is absent")
    read = [(row, read_certificate(row.file.read_bytes())) for row in REAL]
    verified, refused = set(), set()
    for row, leaf in read:
        issuers = [c for _, c in read if c.subject_raw == leaf.issuer_raw]
        short = row.path.rsplit("/", 1)[-1]
        if row.expected == "valid" and issuers:
            (verified if any(holds(leaf, issuer) for issuer in issuers) else refused).add(short)
    assert refused == set(NOT_OURS)
    assert len(verified) >= 4


def holds(leaf: Certificate, issuer: Certificate) -> bool:
    try:
        verify(leaf, issuer)
    except InvalidSignature:
        return False
    return True
