"""OCSP responses as a second source of revocation (threats CRT-08; RFC 6960, GB/T 19713).

Every vector is judged through a whole path, beside the good response that makes the same path good.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha1, sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto.certificates import read_certificate
from app.crypto.ocsp import OCSP_SIGNING, read_ocsp
from app.crypto.paths import validate_path
from app.crypto.revocation import read_crl
from app.domain.certificate import (
    Chain,
    PathFact,
    Purpose,
    RevocationGap,
    RevocationReason,
    RevocationState,
)
from app.domain.errors import Malformed
from app.domain.ocsp import OcspStatus
from sandbox import der
from sandbox.sm2 import sm3
from tests.pki import (
    NOW,
    Authority,
    Key,
    certificate,
    crl,
    ecdsa_key,
    extension,
    generalized,
    name,
    revoked_entry,
    root,
    sm2_key,
    subordinate,
)

DAY = timedelta(days=1)
ROOT = root("状态测试根", sm2_key(91))
OTHER = root("另一个根", sm2_key(92))
LEAF = certificate(name("用户"), sm2_key(93), ROOT, serial=1001)
GOOD, UNKNOWN = der.tlv(0x80, b""), der.tlv(0x82, b"")
HASHES = {
    "1.3.14.3.2.26": lambda data: sha1(data).digest(),
    "2.16.840.1.101.3.4.2.1": lambda data: sha256(data).digest(),
    "1.2.156.10197.1.401": sm3,
}


def revoked(at: datetime = NOW - 2 * DAY, reason: int | None = None) -> bytes:
    why = b"" if reason is None else der.tlv(0xA0, der.tlv(0x0A, bytes((reason,))))
    return der.tlv(0xA1, generalized(at) + why)


def key_bits(authority: Authority) -> bytes:
    spki = read_certificate(authority.der).spki
    return spki[spki.index(b"\x03B\x00") + 3 :]


@dataclass
class Response:
    """One response; the defaults say good, by the authority itself, with SHA-1 hashes."""

    by: Authority = ROOT
    about: Authority = ROOT
    serial: int = 1001
    hash: str = "1.3.14.3.2.26"
    status: bytes = GOOD
    this_update: datetime = NOW - DAY
    next_update: datetime | None = NOW + DAY
    produced: datetime = NOW - DAY
    key: Key | None = None
    certificates: tuple[bytes, ...] = ()
    by_key: bool = False
    name_hash: bytes | None = None
    key_hash: bytes | None = None
    single: bytes = b""
    extensions: bytes = b""
    outer: int = 0
    kind: str = "1.3.6.1.5.5.7.48.1.1"
    version: bytes = b""
    more: tuple[bytes, ...] = ()

    def answer(self) -> bytes:
        hashed = HASHES[self.hash]
        return der.sequence(
            der.sequence(
                der.sequence(der.oid(self.hash), der.tlv(der.NULL, b"")),
                der.octet_string(self.name_hash or hashed(self.about.name)),
                der.octet_string(self.key_hash or hashed(key_bits(self.about))),
                der.integer(self.serial),
            ),
            self.status,
            generalized(self.this_update),
            der.tlv(0xA0, generalized(self.next_update)) if self.next_update else b"",
            der.tlv(0xA1, der.sequence(self.single)) if self.single else b"",
        )

    def make(self) -> bytes:
        who = der.tlv(0xA1, self.by.name)
        if self.by_key:
            who = der.tlv(0xA2, der.octet_string(sha1(key_bits(self.by)).digest()))
        data = der.sequence(
            self.version,
            who,
            generalized(self.produced),
            der.sequence(self.answer(), *self.more),
            der.tlv(0xA1, der.sequence(self.extensions)) if self.extensions else b"",
        )
        signer = self.key or self.by.key
        basic = der.sequence(
            data,
            signer.algorithm,
            der.bit_string(signer.sign(data)),
            der.tlv(0xA0, der.sequence(*self.certificates)) if self.certificates else b"",
        )
        given = der.sequence(der.oid(self.kind), der.octet_string(basic))
        return der.sequence(der.tlv(0x0A, bytes((self.outer,))), der.tlv(0xA0, given))


def delegate(by: Authority = ROOT, **how: object) -> tuple[Authority, tuple[bytes, ...]]:
    """A responder certified for OCSP, and its certificate to be sent along."""
    key, subject = sm2_key(94), name("状态服务")
    options: dict[str, object] = {"purposes": [OCSP_SIGNING], "serial": 555, **how}
    made = certificate(subject, key, by, **options)  # type: ignore[arg-type]
    return Authority(subject, key, made), (made,)


def path(
    *responses: bytes, lists: tuple[bytes, ...] = (), leaf: bytes = LEAF, fresh: datetime = NOW
) -> PathFact:
    return validate_path(
        read_certificate(leaf),
        (),
        [ROOT.anchor()],
        [read_crl(each) for each in lists],
        moment=min(fresh, NOW),
        purpose=Purpose.LICENSE_SEAL,
        fresh_at=fresh,
        ocsp=[read_ocsp(each) for each in responses],
    )


def state(found: PathFact) -> str:
    word = found.revocation
    assert found.chain is Chain.ANCHORED
    return f"{word.state} {word.why or word.reason or ''}".strip()


def test_without_a_source_nothing_is_known() -> None:
    assert state(path()) == "unknown no_list"


@pytest.mark.parametrize("oid", HASHES)
def test_the_authority_itself_says_good(oid: str) -> None:
    found = path(Response(hash=oid).make())
    assert state(found) == "good"
    assert found.good_until == NOW + DAY


def test_a_responder_named_by_its_key() -> None:
    assert state(path(Response(by_key=True).make())) == "good"
    by, certificates = delegate()
    assert state(path(Response(by, by_key=True, certificates=certificates).make())) == "good"


def test_a_certified_responder_says_good() -> None:
    by, certificates = delegate()
    assert state(path(Response(by, certificates=certificates).make())) == "good"


def test_a_classic_responder_of_a_classic_authority() -> None:
    key = ecdsa_key()
    top = root("EC", key)
    leaf = certificate(name("E"), ecdsa_key(), top, serial=1001)
    found = validate_path(
        read_certificate(leaf),
        (),
        [top.anchor()],
        (),
        moment=NOW,
        purpose=Purpose.LICENSE_SEAL,
        ocsp=[read_ocsp(Response(top, top).make())],
    )
    assert state(found) == "good"


def _by(**how: object) -> Callable[[], bytes]:
    def make() -> bytes:
        by, certificates = delegate(**how)  # type: ignore[arg-type]
        return Response(by, certificates=certificates).make()

    return make


def _of(**changes: object) -> Callable[[], bytes]:
    return lambda: Response(**changes).make()  # type: ignore[arg-type]


SUB = subordinate("状态子", sm2_key(95), ROOT)
NOT_GOOD: dict[str, tuple[Callable[[], bytes], str]] = {
    "revoked": (_of(status=revoked()), "revoked absent"),
    "revoked, and the reason is none in particular": (
        _of(status=revoked(reason=0)), "revoked unspecified"),
    "revoked, with a reason": (_of(status=revoked(reason=1)), "revoked key_compromise"),
    "revoked, for a reason nobody knows": (_of(status=revoked(reason=7)), "revoked unknown"),
    "revoked, long out of date": (
        _of(status=revoked(), next_update=NOW - DAY / 2), "revoked absent"),
    "unknown": (_of(status=UNKNOWN), "unknown unknown_to_responder"),
    "stale": (_of(next_update=NOW - DAY / 2), "unknown stale"),
    "without an end": (_of(next_update=None), "unknown no_next_update"),
    "of tomorrow": (_of(this_update=NOW + DAY / 2), "unknown from_future"),
    "produced tomorrow": (_of(produced=NOW + DAY / 2), "unknown from_future"),
    "about another serial number": (_of(serial=1002), "unknown no_list"),
    "about another authority's certificate": (_of(about=OTHER), "unknown no_list"),
    "another name hash": (_of(name_hash=bytes(20)), "unknown no_list"),
    "another key hash": (_of(key_hash=bytes(20)), "unknown no_list"),
    "another authority speaks": (_of(by=OTHER), "unknown responder"),
    "another authority speaks in its name": (_of(key=OTHER.key), "unknown bad_signature"),
    "a responder without its certificate": (
        lambda: Response(delegate()[0]).make(), "unknown responder"),
    "a responder of another authority": (_by(by=OTHER), "unknown responder"),
    "a responder of an authority below": (_by(by=SUB), "unknown responder"),
    "a responder without the purpose": (_by(purposes=[]), "unknown responder"),
    "a responder for stamping": (_by(purposes=["1.3.6.1.5.5.7.3.8"]), "unknown responder"),
    "a responder with an encryption certificate": (
        _by(usage=["key_agreement"]), "unknown responder"),
    "a responder out of date": (_by(until=NOW - 2 * DAY), "unknown responder"),
    "a responder not yet in date": (_by(since=NOW - DAY / 2), "unknown responder"),
    "a responder that is an authority": (_by(ca=True), "unknown responder"),
    "the certificate itself speaks": (
        lambda: Response(
            Authority(name("用户"), sm2_key(93), LEAF), certificates=(LEAF,)
        ).make(),
        "unknown responder",
    ),
    "a critical extension": (
        _of(extensions=extension("1.2.3", b"x", critical=True)), "unknown unknown_critical"),
    "a critical extension of the answer": (
        _of(single=extension("1.2.3", b"x", critical=True)), "unknown unknown_critical"),
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_GOOD)
def test_what_is_not_good(case: str) -> None:
    assert state(path(Response().make())) == "good"
    by, certificates = delegate()
    assert state(path(Response(by, certificates=certificates).make())) == "good"
    make, expected = NOT_GOOD[case]
    assert state(path(make())) == expected


def test_an_answer_in_another_response_is_not_moved() -> None:
    """Octets of a good answer in a response that nobody signed so."""
    made = Response(serial=1002).make()
    assert state(path(made)) == "unknown no_list"
    moved = made.replace(der.integer(1002), der.integer(1001))
    assert state(path(moved)) == "unknown bad_signature"


def test_a_nonce_is_neither_needed_nor_in_the_way() -> None:
    nonce = extension("1.3.6.1.5.5.7.48.1.2", der.octet_string(b"n" * 16), critical=True)
    assert state(path(Response(extensions=nonce).make())) == "good"


def test_several_answers_in_one_response() -> None:
    other = Response(serial=7).answer()
    assert state(path(Response(more=(other,)).make())) == "good"
    told = Response(serial=7, more=(Response(status=revoked()).answer(),))
    assert state(path(told.make())) == "revoked absent"


def test_revoked_wins_over_good_wherever_it_stands() -> None:
    good, bad = Response().make(), Response(status=revoked()).make()
    assert state(path(good, bad)) == state(path(bad, good)) == "revoked absent"
    clean = crl(ROOT)
    listed = crl(ROOT, revoked_entry(1001, NOW - 3 * DAY, 1))
    assert state(path(bad, lists=(clean,))) == "revoked absent"
    assert state(path(good, lists=(listed,))) == "revoked key_compromise"
    assert state(path(bad, lists=(listed,))) == "revoked key_compromise"  # the gravest reason
    for mild, grave in ((4, 6), (6, 1), (4, 1)):
        name = {6: "certificate_hold", 1: "key_compromise"}[grave]
        both = [Response(status=revoked(reason=each)).make() for each in (mild, grave)]
        assert state(path(*both)) == state(path(*both[::-1])) == f"revoked {name}"
        told = crl(ROOT, revoked_entry(1001, NOW - 3 * DAY, mild))
        assert state(path(both[1], lists=(told,))) == f"revoked {name}"
    assert state(path(good, lists=(clean,))) == "good"


def test_each_source_helps_where_the_other_is_out_of_date() -> None:
    stale = crl(ROOT, this_update=NOW - 9 * DAY, next_update=NOW - 2 * DAY)
    assert state(path(lists=(stale,))) == "unknown stale"
    assert state(path(Response().make(), lists=(stale,))) == "good"
    old = Response(next_update=NOW - DAY / 2).make()
    assert state(path(old, lists=(crl(ROOT),))) == "good"


def test_a_revoked_responder_says_nothing() -> None:
    by, certificates = delegate()
    response = Response(by, certificates=certificates).make()
    stale = {"this_update": NOW - 9 * DAY, "next_update": NOW - 2 * DAY}
    listed = crl(ROOT, revoked_entry(555, NOW - 3 * DAY), **stale)  # type: ignore[arg-type]
    assert state(path(response, lists=(listed,))) == "unknown stale"
    assert state(path(response)) == "good"


def test_good_is_no_rule_of_the_path() -> None:
    """A path that breaks a rule is none, whatever a responder says of its leaf."""
    leaf = certificate(name("用户"), sm2_key(93), ROOT, serial=1001, version=0, key_ids=False)
    found = path(Response().make(), leaf=leaf)
    assert found.chain is Chain.MALFORMED
    assert found.revocation.state is RevocationState.UNKNOWN


def test_an_expired_certificate_may_be_forgotten() -> None:
    leaf = certificate(name("用户"), sm2_key(93), ROOT, serial=1001, until=NOW - 2 * DAY)
    found = validate_path(
        read_certificate(leaf),
        (),
        [ROOT.anchor()],
        (),
        moment=NOW - 5 * DAY,
        purpose=Purpose.LICENSE_SEAL,
        fresh_at=NOW,
        ocsp=[read_ocsp(Response().make())],
    )
    assert found.revocation.why is RevocationGap.AFTER_EXPIRY


MALFORMED: dict[str, tuple[Callable[[], bytes], str]] = {
    "try later": (_of(outer=3), r"not successful \(3\)"),
    "another kind of response": (_of(kind="1.2.3"), "not a basic"),
    "version 2": (_of(version=der.tlv(0xA0, der.integer(1))), "not v1"),
    "a status of no kind": (_of(status=der.tlv(0x83, b"")), "certStatus"),
    "good with content": (_of(status=der.tlv(0x80, b"x")), "certStatus"),
    "bytes after": (lambda: Response().make() + b"\0", "after the value"),
    "too many certificates": (_of(certificates=(der.sequence(b""),) * 9), "more than 8"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed(case: str) -> None:
    assert read_ocsp(Response().make()).answers[0].status is OcspStatus.GOOD
    make, why = MALFORMED[case]
    with pytest.raises(Malformed, match=why):
        read_ocsp(make())


def test_what_is_read() -> None:
    (answer,) = read_ocsp(Response(status=revoked(NOW - DAY, 4)).make()).answers
    assert (answer.revoked_at, answer.reason) == (NOW - DAY, RevocationReason.SUPERSEDED)
    assert replace(answer, serial=answer.serial) == answer


WHOLE = Response().make()


@given(st.binary(max_size=120))
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    with suppress(Malformed):
        read_ocsp(data)


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_no_changed_response_says_more(at: int, by: int) -> None:
    data = bytearray(WHOLE)
    data[at] ^= by
    with suppress(Malformed):
        found = path(bytes(data))
        if found.revocation.state is RevocationState.GOOD:
            assert read_ocsp(bytes(data)).message == read_ocsp(WHOLE).message
