"""GM/T 0031-2014 (v1), GB/T 38540-2020 (v4) and GM/T 0031-2025 (v5), each judged to its end.

One good file, its seal made anew in each layout; every case changes one thing of it.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha1, sha256
from typing import Any

import pytest

from app.checks.measure import measure
from app.crypto.ses import read_seal_signature
from app.domain.certificate import Purpose
from app.domain.evidence import CheckName, Outcome
from app.domain.facts import Facts
from app.domain.license import ParsedLicense
from app.domain.ofd import SignatureType
from app.domain.reasons import Reason
from app.domain.seal import SealLayout, ValueForm
from app.domain.trust import Authorities, Trust
from app.domain.verdict import Broken, Sound
from app.formats.ofd.license import Ofd
from app.registry.serial import dump_facts, load_facts
from app.services.judgement import look
from sandbox import der
from sandbox.sm2 import sm3
from tests.checks.test_measure_seals import NOW
from tests.checks.test_signed_data import (
    DAY,
    KEY,
    MINUTE,
    NO_TRUST,
    ROOT,
    YEAR,
    clock,
    document,
    known,
    leaf,
    organisation,
    state,
    trusted,
)
from tests.checks.test_signed_data import GOOD as UNSEALED
from tests.cms_maker import Tsa
from tests.corpus import manifest
from tests.pki import (
    RSA_OID,
    TIME_STAMPING,
    SealMaker,
    certificate,
    crl,
    generalized,
    ia5,
    name,
    organisation_extension,
    root,
    rsa_key,
    sm2_key,
    utc,
)

MAKER_KEY, RSA, RSA_MAKER = sm2_key(101), rsa_key(), rsa_key()
WEAK = rsa_key(oid="1.2.840.113549.1.1.5")
TSA_KEY = sm2_key(102)
TSA_ROOT = root("时间根", sm2_key(103), since=NOW - 9 * YEAR, until=NOW + 9 * YEAR)
WINDOW: dict[str, Any] = {"since": NOW - 3 * YEAR, "until": NOW + 2 * YEAR}
MAKER_ROOT = root("制章根", sm2_key(104), since=NOW - 9 * YEAR, until=NOW + 9 * YEAR)
MAKER_LEAF = certificate(name("制章者"), MAKER_KEY, MAKER_ROOT, serial=31, **WINDOW)
RSA_MAKER_LEAF = certificate(name("制章者"), RSA_MAKER, MAKER_ROOT, serial=32, **WINDOW)
STAMPING: dict[str, Any] = {"purposes": [TIME_STAMPING], "purposes_critical": True, **WINDOW}
TSA_LEAF = certificate(name("时间戳"), TSA_KEY, TSA_ROOT, serial=33, **STAMPING)


def content() -> bytes:
    return document().sealings[0].entry.content


def scope() -> bytes:
    return ia5("/" + document().sealings[0].entry.part)


def created() -> datetime:
    return clock() - 30 * DAY


def layout(version: int, **changes: Any) -> SealMaker:
    """A good seal and signature of v1, v4 or v5 over the good file."""
    old = version == 1
    write = utc if old else generalized
    at = clock()
    options: dict[str, Any] = {
        "version": version,
        "layout": 1 if old else 4,
        "created": write(created()),
        "since": write(created()),
        "until": write(NOW + YEAR),
        "time": der.bit_string(utc(at)) if old else generalized(at),
        "data_hash": der.bit_string(sm3(content())),
        "property_info": scope(),
        **changes,
    }
    return SealMaker(MAKER_KEY, MAKER_LEAF, KEY, leaf(), **options)


def rsa_v1(**changes: Any) -> SealMaker:
    """GM/T 0031-2014 with RSA and SHA-256 throughout."""
    owner = [organisation_extension(organisation())]
    mine = certificate(name("签章者"), RSA, ROOT, serial=41, more=owner, **WINDOW)
    made = layout(
        1, algorithm=der.oid(RSA_OID), data_hash=der.bit_string(sha256(content()).digest())
    )
    made = replace(
        made, maker=RSA_MAKER, maker_certificate=RSA_MAKER_LEAF, signer=RSA, signer_certificate=mine
    )
    return replace(made, **changes)


def sealed(value: bytes, method: str | None = None) -> ParsedLicense:
    (one,) = document().sealings
    signature = read_seal_signature(value)
    entry = replace(
        one.entry,
        type=SignatureType.SEAL,
        method=method or one.entry.method,
        seal_declared=False,
        seal=None,
        signed_value=value,
    )
    made = replace(one, entry=entry, signature=signature, form=ValueForm.SEAL)
    return replace(document(), sealings=(made,))


def trust(*makers_revoked: bytes) -> Trust:
    """Anchors of signers, of makers and of timestamp services, each with its list."""
    have = trusted()
    day = {"this_update": NOW - DAY, "next_update": NOW + DAY}
    stamps = known(crl(TSA_ROOT, **day))
    makers = known(crl(MAKER_ROOT, *makers_revoked, **day))
    return replace(
        have,
        authorities=Authorities(
            anchors=(
                *have.authorities.anchors,
                MAKER_ROOT.anchor(Purpose.SEAL_MAKER, since=NOW - 9 * YEAR),
                TSA_ROOT.anchor(Purpose.TSA, since=NOW - 9 * YEAR),
            ),
            lists=(*have.authorities.lists, makers, stamps),
        ),
    )


def facts_of(made: SealMaker, method: str | None = None) -> Facts:
    return measure(sealed(made.signature(), method), trust(), now=NOW)


def said(facts: Facts, check: CheckName) -> tuple[Outcome, Reason | None, str]:
    (item,) = [e for e in look(facts).evidence if e.check is check]
    return item.outcome, item.reason, item.detail


@pytest.mark.parametrize("version", [1, 4, 5])
def test_every_layout_is_sound(version: int) -> None:
    facts = facts_of(layout(version))
    assert state(facts) == Sound()
    (s,) = facts.document.signatures
    assert s.sealed is not None
    assert s.sealed.layout is {1: SealLayout.V1, 4: SealLayout.V4, 5: SealLayout.V5}[version]
    assert s.sealed.version == version
    assert s.signed_at == clock()


def test_rsa_of_2014_with_sha_256_is_sound() -> None:
    facts = facts_of(rsa_v1(), RSA_OID)
    assert state(facts) == Sound()


def test_rsa_of_2014_with_sha_1_is_weak_wherever_it_stands() -> None:
    weak = der.oid("1.2.840.113549.1.1.5")
    signer = replace(rsa_v1(algorithm=weak), signer=WEAK, maker=WEAK)
    assert state(facts_of(signer, "1.2.840.113549.1.1.5")) == Broken(Reason.WEAK_ALGORITHM)
    hashed = rsa_v1(data_hash=der.bit_string(sha1(content()).digest()))
    facts = facts_of(hashed, RSA_OID)
    assert state(facts) == Broken(Reason.WEAK_ALGORITHM)
    assert said(facts, CheckName.DATA_HASH_HOLDS)[:2] == (Outcome.FAILED, Reason.WEAK_ALGORITHM)


def test_what_the_maker_of_2014_signs_is_info_certificate_and_algorithm() -> None:
    """The maker's value over eSealInfo alone, as in 2020, is none in the layout of 2014."""
    made = layout(1)
    info = made.maker.sign(made.info())
    octets = der.octet_string(MAKER_LEAF)
    seal = der.sequence(
        made.info(), der.sequence(octets, made.algorithm, der.bit_string(info)), b""
    )
    facts = measure(sealed(made.signature(seal)), trust(), now=NOW)
    assert state(facts) == Broken(Reason.SEAL_INVALID)


BROKEN: dict[str, tuple[Callable[[int], SealMaker], Reason]] = {
    "another description": (
        lambda v: layout(v, data_hash=der.bit_string(sm3(b"else"))), Reason.DATA_HASH_DIFFERS),
    "another scope": (lambda v: layout(v, property_info=ia5("/x")), Reason.SCOPE_DIFFERS),
    "another signer": (
        lambda v: replace(layout(v), signer=sm2_key(104)), Reason.SIGNATURE_INVALID),
    "another maker": (lambda v: replace(layout(v), maker=sm2_key(104)), Reason.SEAL_INVALID),
    "not in the list": (
        lambda v: layout(v, listed=[der.octet_string(MAKER_LEAF)]), Reason.SIGNER_NOT_IN_SEAL),
    "a seal at its end": (
        lambda v: layout(v, until=(utc if v == 1 else generalized)(clock() - MINUTE)),
        Reason.SEAL_NOT_VALID_AT_TIME,
    ),
    "a seal before its start": (
        lambda v: layout(v, since=(utc if v == 1 else generalized)(clock() + MINUTE)),
        Reason.SEAL_NOT_VALID_AT_TIME,
    ),
    "a seal made after it was used": (
        lambda v: layout(v, created=(utc if v == 1 else generalized)(clock() + 2 * MINUTE)),
        Reason.SEAL_NOT_VALID_AT_TIME,
    ),
    "a maker after its end": (
        lambda v: replace(
            layout(v),
            maker_certificate=certificate(
                name("制章者"), MAKER_KEY, ROOT, since=NOW - 4 * YEAR, until=created() - DAY
            ),
        ),
        Reason.SEAL_MAKER_INVALID,
    ),
}  # fmt: skip


@pytest.mark.parametrize("version", [1, 4, 5])
@pytest.mark.parametrize("case", BROKEN)
def test_the_same_faults_break_every_layout(case: str, version: int) -> None:
    assert state(facts_of(layout(version))) == Sound()
    made, reason = BROKEN[case]
    assert state(facts_of(made(version))) == Broken(reason)


# ---- times of 2014


def test_a_token_in_the_place_of_the_time_is_a_claim_of_its_gen_time() -> None:
    token = Tsa(TSA_KEY, TSA_LEAF, time=generalized(clock())).token(b"whatever was stamped")
    facts = facts_of(layout(1, time=der.bit_string(token)))
    assert state(facts) == Sound()
    (s,) = facts.document.signatures
    assert s.signed_at == clock()
    assert said(facts, CheckName.SIGNED_IN_WINDOW)[2] == "time: claimed"
    outcome, _, detail = said(facts, CheckName.TIMESTAMP_HOLDS)
    assert (outcome, detail) == (
        Outcome.NOT_APPLICABLE,
        "under the signature: the time is a claim",
    )


def test_a_bad_token_in_the_place_of_the_time_is_no_time() -> None:
    bad = Tsa(TSA_KEY, TSA_LEAF, time=generalized(clock()), signed=lambda m: m + b"x")
    facts = facts_of(layout(1, time=der.bit_string(bad.token(b"x"))))
    assert state(facts) == Broken(Reason.TIMESTAMP_INVALID)
    assert facts.document.signatures[0].signed_at is None


# ---- making time and timestamp of 2025


def stamped_seal(made: SealMaker, at: datetime, over: bytes | None = None) -> bytes:
    """SESeal with a token over the maker's value."""
    value = made.maker.sign(made.info())
    token = Tsa(TSA_KEY, TSA_LEAF, time=generalized(at)).token(value if over is None else over)
    return der.sequence(
        made.info(),
        der.octet_string(made.maker_certificate),
        made.algorithm,
        der.bit_string(value),
        der.tlv(0xA0, der.bit_string(token)),
    )


@pytest.mark.parametrize(
    ("apart", "expected"),
    [
        (timedelta(0), Sound()),
        (DAY, Sound()),
        (-timedelta(seconds=1), Broken(Reason.TIMESTAMP_INVALID)),
    ],
)
def test_a_seal_made_later_than_its_timestamp_fails(apart: timedelta, expected: object) -> None:
    made = layout(5)
    seal = stamped_seal(made, created() + apart)
    facts = measure(sealed(made.signature(seal)), trust(), now=NOW)
    assert state(facts) == expected


def test_the_timestamp_of_another_seal_fails() -> None:
    made = layout(5)
    seal = stamped_seal(made, created() + DAY, b"another maker's value")
    facts = measure(sealed(made.signature(seal)), trust(), now=NOW)
    assert state(facts) == Broken(Reason.TIMESTAMP_INVALID)
    assert "of the seal" in said(facts, CheckName.SEAL_HOLDS)[2]


@pytest.mark.parametrize("kind", ["future", "after its end"])
def test_making_time_of_2025(kind: str) -> None:
    until = created() - DAY if kind == "after its end" else NOW + YEAR
    made = NOW + DAY if kind == "future" else created()
    maker = layout(5, created=generalized(made), until=generalized(until))
    assert state(facts_of(maker)) == Broken(Reason.SEAL_NOT_VALID_AT_TIME)
    detail = said(facts_of(maker), CheckName.SEAL_IN_WINDOW)[2]
    assert detail == "createDate out of order"


@pytest.mark.parametrize("version", [4, 5])
def test_a_timestamp_over_the_signature_proves_its_time(version: int) -> None:
    made = layout(version)
    plain = made.signature()
    value = read_seal_signature(plain).value
    token = Tsa(TSA_KEY, TSA_LEAF, time=generalized(clock() + MINUTE)).token(value)
    (one,) = sealed(plain).sealings
    assert one.signature is not None
    stamped = replace(one, signature=replace(one.signature, timestamp=token))
    facts = measure(replace(document(), sealings=(stamped,)), trust(), now=NOW)
    assert state(facts) == Sound()
    assert said(facts, CheckName.SIGNED_IN_WINDOW)[2] == "time: proven by a timestamp service"


# ---- the corpus: signatures of 2014, check by check

V1_ROWS = {
    "1533627515749.ofd": [
        {
            # The details say that the value holds: their check took the key for SM2's. The
            # certificate names 1.2.156.10197.1.301.1 as its curve, which no table of ours has.
            CheckName.SIGNATURE_HOLDS: Reason.SIGNATURE_INVALID,
            CheckName.SIGNER_IN_SEAL: Reason.SIGNER_NOT_IN_SEAL,
        }
    ],
    "55.ofd": [
        {
            CheckName.SIGNATURE_HOLDS: Reason.SIGNATURE_INVALID,
            CheckName.DATA_HASH_HOLDS: Reason.DATA_HASH_DIFFERS,
            CheckName.REFERENCES_HOLD: Reason.CONTENT_CHANGED,
            # The details say that the maker's value holds: RSA with SHA-1, refused by name.
            CheckName.SEAL_HOLDS: Reason.WEAK_ALGORITHM,
            CheckName.SEAL_FILE_SAME: Reason.SEAL_FILE_DIFFERS,
            CheckName.SEAL_IN_WINDOW: Reason.SEAL_ENDED_SINCE,
        }
    ]
    * 4,
    "金格信创自动盖章.ofd": [{CheckName.SEAL_IN_WINDOW: Reason.SEAL_ENDED_SINCE}],
    # A timeInfo of a form no vendor is known for, or a list without certificates.
    "ClientSigned.ofd": [{CheckName.SIGNATURE_HOLDS: Reason.SIGNATURE_UNREADABLE}],
    "test-signed.ofd": [{CheckName.SIGNATURE_HOLDS: Reason.SIGNATURE_UNREADABLE}] * 2,
    "n.ofd": [{CheckName.SIGNATURE_HOLDS: Reason.SIGNATURE_UNREADABLE}],
}
"""By file and signature: which checks of the file itself fail, and for what."""
_TRUST = frozenset({CheckName.SIGNER_KNOWN, CheckName.SEAL_MAKER_TRUSTED, CheckName.KEY_LIVE})


def test_signatures_of_2014_in_the_corpus() -> None:
    met: dict[str, list[dict[CheckName, Reason | None]]] = {}
    for row in manifest("ofd_signed"):
        short = row.path.rsplit("/", 1)[-1]
        if short not in V1_ROWS:
            continue
        facts = measure(Ofd().parse(row.file.read_bytes()), NO_TRUST, now=NOW)
        evidence = look(facts).evidence
        for s in facts.document.signatures:
            wrong = {
                e.check: e.reason
                for e in evidence
                if e.subject.label == s.label and e.reason is not None and e.check not in _TRUST
            }
            met.setdefault(short, []).append(wrong)
    assert met in ({}, V1_ROWS)


def test_the_facts_are_kept_and_judged_again() -> None:
    """What the journal keeps of a seal of 2025 with its timestamps, and of a signature without."""
    made = layout(5)
    seal = stamped_seal(made, created() + DAY)
    (one,) = sealed(made.signature(seal)).sealings
    assert one.signature is not None
    token = Tsa(TSA_KEY, TSA_LEAF, time=generalized(clock())).token(one.signature.value)
    both = replace(one, signature=replace(one.signature, timestamp=token))
    for kept in (replace(document(), sealings=(both,)), UNSEALED):
        facts = measure(kept, trust(), now=NOW)
        again = load_facts(dump_facts(facts) or "")
        assert state(facts) == state(again) == Sound()
        assert again.document.signatures == facts.document.signatures
