"""签名 without a seal: OFD Type=Sign with SignedData of GB/T 35275, judged to its end.

One good file whose value is SignedData by a certificate of the issuer; each case changes one thing.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import pytest

from app.checks.measure import measure
from app.crypto.cms import read_cms
from app.crypto.revocation import read_crl
from app.domain.certificate import Crl, Purpose
from app.domain.cms import CmsContent, CmsDeviation, CmsFamily
from app.domain.errors import Malformed
from app.domain.evidence import SIGNATURE_CHECKS, CheckName, Evidence, Outcome
from app.domain.facts import Facts, Value
from app.domain.license import ParsedLicense
from app.domain.ofd import SignatureType
from app.domain.policies import SEALED, Level
from app.domain.reasons import Reason
from app.domain.seal import ValueForm
from app.domain.trust import Authorities, Issuer, LicenseType, Trust
from app.domain.verdict import Broken, Gap, LocalState, Sound, Unsigned, Verdict
from app.formats.ofd.license import Ofd
from app.policy import judge
from app.services.judgement import conclude, look
from sandbox.sm2 import sm3
from tests import cms_maker as cm
from tests.checks.test_measure_seals import NOW, license
from tests.cms_maker import CmsMaker
from tests.corpus import manifest
from tests.pki import (
    ENCRYPTION,
    Authority,
    certificate,
    crl,
    name,
    organisation_extension,
    revoked_entry,
    root,
    rsa_key,
    sm2_key,
    subordinate,
    utf8,
)
from tests.world import IN_FORCE

MINUTE, DAY, YEAR = timedelta(minutes=1), timedelta(days=1), timedelta(days=365)
ROOT = root("签名根", sm2_key(81), since=NOW - 9 * YEAR, until=NOW + 9 * YEAR)
ISSUING = subordinate("签名子", sm2_key(82), ROOT, since=NOW - 9 * YEAR, until=NOW + 9 * YEAR)
KEY, SERIAL = sm2_key(83), 8383


def known(data: bytes) -> Crl:
    return read_crl(data)


@cache
def document() -> ParsedLicense:
    return license()


def organisation() -> str:
    assert document().claims.identifier is not None
    return str(document().claims.identifier.issuer)


def leaf(by: Authority = ROOT, code: str | None = None, **how: object) -> bytes:
    """Of a body; its code stands where the authority states it, the name where it may."""
    code = organisation() if code is None else code
    owner = ("2.5.4.10", utf8(code + "某局"))
    options: dict[str, object] = {
        "more": [organisation_extension(code)] if code else [],
        "serial": SERIAL,
        "since": NOW - 2 * YEAR,
        "until": NOW + 2 * YEAR,
        **how,
    }
    return certificate(name("签名者", owner), KEY, by, **options)  # type: ignore[arg-type]


def trust(of: ParsedLicense) -> Trust:
    """The issuer the license names, registered for its type, owning its organisation code."""
    identifier = of.claims.identifier
    assert identifier is not None
    return Trust(
        issuer=Issuer(identifier.issuer, "局", "Office", frozenset({identifier.type})),
        type=LicenseType(
            code=identifier.type,
            name="证",
            name_en="License",
            max_status_age=DAY,
            must_be_sealed=False,
        ),
        keys={},
        mandates=(),
        endpoint=None,
        statement=None,
        owners={str(identifier.issuer): identifier.issuer},
    )


def trusted(*entries: bytes, **changes: object) -> Trust:
    lists = tuple(
        known(crl(by, *entries, this_update=NOW - DAY, next_update=NOW + DAY))
        for by in (ROOT, ISSUING)
    )
    anchors = (ROOT.anchor(Purpose.LICENSE_SEAL, since=NOW - 9 * YEAR),)
    have = replace(trust(document()), authorities=Authorities(anchors=anchors, lists=lists))
    return replace(have, **changes)  # type: ignore[arg-type]


def clock() -> datetime:
    signature = document().sealings[0].signature
    assert signature is not None
    assert signature.time is not None
    return signature.time


def maker(**changes: object) -> CmsMaker:
    content = document().sealings[0].entry.content
    made = CmsMaker(KEY, leaf(), outside=content)
    made.attributes = [
        cm.content_type(),
        cm.signing_time(clock()),
        cm.message_digest(sm3(content)),
    ]
    return replace(made, **changes)  # type: ignore[arg-type]


def signed(value: bytes, type: SignatureType = SignatureType.SIGN) -> ParsedLicense:
    """The good document with this value in place of its seal."""
    (sealing,) = document().sealings
    cms, problem = None, ""
    try:
        cms = read_cms(value)
    except Malformed as exc:
        problem = str(exc)
    entry = replace(sealing.entry, type=type, seal_declared=False, seal=None, signed_value=value)
    return replace(
        document(),
        sealings=(
            replace(
                sealing,
                entry=entry,
                signature=None,
                cms=cms,
                form=ValueForm.CMS,
                problem=problem,
            ),
        ),
    )


def facts_of(made: ParsedLicense, have: Trust | None = None) -> Facts:
    return measure(made, have or trusted(), now=NOW)


def state(facts: Facts) -> LocalState:
    """With the issuer's answer weighed: whether it is about this very file."""
    local = look(facts)
    return judge(conclude(facts, local, replace(IN_FORCE, as_of=NOW))[0], local.policy)


def state_of(made: ParsedLicense, have: Trust | None = None) -> LocalState:
    return state(facts_of(made, have))


def verdict_of(made: ParsedLicense, have: Trust | None = None) -> Verdict:
    facts = facts_of(made, have)
    return conclude(facts, look(facts), replace(IN_FORCE, as_of=NOW))[1]


GOOD = signed(maker().make())


def test_untouched_it_is_the_issuers_signature() -> None:
    facts = facts_of(GOOD)
    assert state(facts) == Sound()
    assert verdict_of(GOOD).conclusion == "valid"
    (s,) = facts.document.signatures
    assert (s.value, s.signer, s.signed_at) == (Value.HOLDS, organisation(), clock())
    assert s.sealed is not None
    assert s.sealed.seal is None
    assert (s.sealed.layout, s.sealed.content) == (CmsFamily.GM, CmsContent.DETACHED)


def test_what_only_seals_are_asked_is_silent_and_all_else_speaks() -> None:
    evidence = look(facts_of(GOOD)).evidence
    silent = {e.check for e in evidence if e.check.each and e.outcome is Outcome.NOT_APPLICABLE}
    assert silent == {
        CheckName.SCOPE_NAMED,
        CheckName.SEAL_HOLDS,
        CheckName.SEAL_MAKER_TRUSTED,
        CheckName.SEAL_IN_WINDOW,
        CheckName.SIGNER_IN_SEAL,
        CheckName.SEAL_FILE_SAME,
        CheckName.SEAL_STATUS,
        CheckName.TIMESTAMP_HOLDS,
        CheckName.SIGNER_EXPECTED,  # of documents that are no licenses
    }
    passed = {e.check for e in evidence if e.check.each and e.outcome is Outcome.PASSED}
    # The seal's picture, which stayed on the page, is told (OFD-25).
    assert passed | silent | {CheckName.STAMP_PLAIN} == SIGNATURE_CHECKS
    told = [e.reason for e in evidence if e.check is CheckName.STAMP_PLAIN]
    assert told == [Reason.APPEARANCE_SUSPICIOUS]


@pytest.mark.parametrize("mode", ["digest", "text", "whole", "rfc", "no attributes"])
def test_every_mode_is_accepted(mode: str) -> None:
    content = document().sealings[0].entry.content
    made = {
        "digest": lambda: maker(inside=sm3(content), attributes=None),
        "text": lambda: maker(inside=cm.b64(sm3(content)), attributes=None),
        "whole": lambda: maker(inside=content),
        "rfc": lambda: CmsMaker(KEY, leaf(), content, cm.SIGNED, cm.DATA, attributes=None),
        "no attributes": lambda: maker(attributes=None),
    }[mode]()
    assert state_of(signed(made.make())) == Sound()


def test_an_intermediate_may_come_along_and_is_no_anchor() -> None:
    by_sub = leaf(ISSUING)
    made = signed(maker(certificate=by_sub, certificates=[by_sub, ISSUING.der]).make())
    assert state_of(made) == Sound()
    alone = signed(maker(certificate=by_sub).make())
    assert Reason.NO_ANCHOR in gaps(state_of(alone))
    stranger = root("自带的根", sm2_key(84), since=NOW - 9 * YEAR, until=NOW + YEAR)
    own = leaf(stranger)
    brought = signed(maker(certificate=own, certificates=[own, stranger.der]).make())
    assert Reason.NO_ANCHOR in gaps(state_of(brought))


def gaps(state: LocalState) -> tuple[Reason, ...]:
    assert isinstance(state, Gap), state
    return state.reasons


def _changed(part: str) -> Callable[[ParsedLicense], ParsedLicense]:
    """Signature.xml with one more space, which the signature does not speak of."""

    def change(made: ParsedLicense) -> ParsedLicense:
        (one,) = made.sealings
        entry = replace(one.entry, content=one.entry.content + b" ")
        return replace(made, sealings=(replace(one, entry=entry),))

    assert part == "content"
    return change


def _attributed(*attributes: bytes) -> Callable[[], ParsedLicense]:
    return lambda: signed(maker(attributes=list(attributes)).make())


RSA = rsa_key()
BROKEN: dict[str, tuple[Callable[[], ParsedLicense], Reason]] = {
    "zero signers (SIG-26)": (
        lambda: signed(maker(signers=0).make()), Reason.SIGNATURE_UNREADABLE),
    "no messageDigest": (_attributed(cm.content_type()), Reason.SIGNATURE_UNREADABLE),
    "a value that does not hold": (
        lambda: signed(maker(signed=lambda m: m + b"x").make()), Reason.SIGNATURE_INVALID),
    "another's key": (
        lambda: signed(maker(key=sm2_key(85)).make()), Reason.SIGNATURE_INVALID),
    "digest and algorithm of two kinds": (
        lambda: signed(maker(algorithm=cm.algorithm("1.2.840.10045.4.3.2")).make()),
        Reason.SIGNATURE_INVALID,
    ),
    "RSA with SHA-1": (
        lambda: signed(_rsa(cm.SHA1).make()), Reason.WEAK_ALGORITHM),
    "another description": (lambda: _changed("content")(GOOD), Reason.DATA_HASH_DIFFERS),
    "a digest of something else": (
        lambda: signed(maker(inside=sm3(b"else"), attributes=None).make()),
        Reason.DATA_HASH_DIFFERS,
    ),
    "called a seal by the list (OFD-10)": (
        lambda: signed(maker().make(), SignatureType.SEAL), Reason.TYPE_DISAGREES),
    "SignatureMethod of another algorithm": (
        lambda: _method("1.2.840.113549.1.1.11"), Reason.ALGORITHM_MISMATCH),
    "another's certificate of the same authority": (
        lambda: signed(maker(certificate=leaf(code="91630000M000100Y43")).make()),
        Reason.SIGNER_NOT_ISSUER,
    ),
    "an encryption certificate": (
        lambda: signed(maker(certificate=leaf(usage=ENCRYPTION)).make()),
        Reason.CERTIFICATE_UNFIT,
    ),
    "signed after the certificate's end": (
        lambda: signed(maker(certificate=leaf(until=clock() - DAY)).make()),
        Reason.SIGNED_OUTSIDE_WINDOW,
    ),
    "times that disagree": (
        _attributed(
            cm.content_type(),
            cm.signing_time(datetime.fromisoformat("2026-11-01T00:00:00+00:00")),
            cm.message_digest(sm3(license().sealings[0].entry.content)),
        ),
        Reason.TIMES_DISAGREE,
    ),
}  # fmt: skip


def _rsa(digest: str) -> CmsMaker:
    content = document().sealings[0].entry.content
    code = organisation_extension(organisation())
    window = {"since": NOW - 2 * YEAR, "until": NOW + YEAR}
    mine = certificate(name("R"), RSA, ROOT, more=[code], **window)
    return CmsMaker(RSA, mine, content, digest=digest, algorithm=cm.algorithm(cm.RSA))


def _method(oid: str) -> ParsedLicense:
    (one,) = GOOD.sealings
    return replace(GOOD, sealings=(replace(one, entry=replace(one.entry, method=oid)),))


@pytest.mark.parametrize("case", BROKEN)
def test_broken_for_its_reason(case: str) -> None:
    assert state_of(GOOD) == Sound()
    made, reason = BROKEN[case]
    assert state_of(made()) == Broken(reason)
    assert verdict_of(made()).conclusion == "invalid"


def test_a_revoked_certificate() -> None:
    before = trusted(revoked_entry(SERIAL, clock() - DAY, 1))
    assert state_of(GOOD, before) == Broken(Reason.SIGNED_AFTER_REVOCATION)
    since = trusted(revoked_entry(SERIAL, NOW - MINUTE, 1))
    assert Reason.KEY_REVOKED_SINCE in gaps(state_of(GOOD, since))


# ---- times: the attribute before SignatureDateTime, and neither


def declared(made: ParsedLicense, at: str | None) -> ParsedLicense:
    """With another SignatureDateTime in Signature.xml."""
    (one,) = made.sealings
    entry = replace(one.entry, signed_at=at)
    return replace(made, sealings=(replace(one, entry=entry),))


def test_the_signers_attribute_tells_the_time_before_the_description_does() -> None:
    later = (clock() + 2 * MINUTE).strftime("%Y%m%d%H%M%SZ")
    for at in (later, None):
        facts = facts_of(declared(GOOD, at))
        assert facts.document.signatures[0].signed_at == clock()
        assert state(facts) == Sound()
    bare = signed(maker(attributes=None).make())
    facts = facts_of(declared(bare, later))
    assert facts.document.signatures[0].signed_at == clock() + 2 * MINUTE


def timeless(**changes: object) -> ParsedLicense:
    """Signed, and nobody says when."""
    return declared(signed(maker(attributes=None, certificate=leaf(**changes)).make()), None)


def test_fault_a_certificate_that_ended_and_no_time_at_all_is_doubt_and_no_forgery() -> None:
    """It may have been signed in time; that is not shown, and neither is the opposite."""
    assert gaps(state_of(timeless())) == (Reason.SIGNING_TIME_MISSING,)
    ended = timeless(until=NOW - DAY)
    assert set(gaps(state_of(ended))) == {Reason.SIGNING_TIME_MISSING, Reason.KEY_EXPIRED_SINCE}
    assert verdict_of(ended).conclusion == "indeterminate"
    never = timeless(since=NOW + DAY)  # whenever it was signed, it was before now
    assert state_of(never) == Broken(Reason.SIGNED_OUTSIDE_WINDOW)


def test_a_certificate_that_ended_and_no_time_at_all_but_seen_before() -> None:
    ended = timeless(until=NOW - DAY)
    for seen, sound in ((NOW - 2 * DAY, True), (NOW - DAY / 2, False)):
        found = state_of(ended, trusted(first_seen=seen))
        assert (found == Sound()) is sound, found
        assert not isinstance(found, Broken)


# ---- algorithms: two names of one scheme


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        ("1.2.840.113549.1.1.11", None),  # sha256WithRSAEncryption, as the value was made
        (cm.RSA, None),
        ("1.2.840.113549.1.1.12", Reason.ALGORITHM_MISMATCH),  # with SHA-384
        ("1.2.840.113549.1.1.5", Reason.ALGORITHM_MISMATCH),  # with SHA-1
        ("1.2.156.10197.1.501", Reason.ALGORITHM_MISMATCH),
        ("1.2.3.4", Reason.ALGORITHM_MISMATCH),
    ],
)
def test_signature_method_names_the_scheme_the_value_was_made_by(
    method: str, reason: Reason | None
) -> None:
    """CMS writes rsaEncryption and the digest apart; GB/T 33190 writes one name for both."""
    (one,) = signed(replace(_rsa(cm.SHA256), attributes=None).make()).sealings
    named = replace(one, entry=replace(one.entry, method=method))
    made = replace(document(), sealings=(named,))
    assert state_of(made) == (Sound() if reason is None else Broken(reason))


def test_a_container_without_the_signers_certificate_is_nobodys() -> None:
    made = signed(maker(certificates=[]).make())
    assert Reason.SIGNATURE_UNSUPPORTED in gaps(state_of(made))
    assert verdict_of(made).conclusion == "indeterminate"


def test_a_seal_that_the_list_calls_a_signature_stays_a_seal() -> None:
    (one,) = document().sealings
    entry = replace(one.entry, type=SignatureType.SIGN)
    facts = facts_of(replace(document(), sealings=(replace(one, entry=entry),)))
    (item,) = [e for e in look(facts).evidence if e.check is CheckName.ALGORITHMS_AGREE]
    assert item.outcome is Outcome.PASSED
    assert "called a signature" in item.detail
    assert not item.subject.sealless


# ---- the policy: nothing but a signature without a seal is let off the seal's questions


def evidence() -> list[Evidence]:
    facts = facts_of(GOOD)
    return list(conclude(facts, look(facts), replace(IN_FORCE, as_of=NOW))[0])


def test_the_same_silence_of_a_seal_is_not_enough() -> None:
    """The evidence of the good signature, had it been a seal's: five questions unanswered."""
    sealless = evidence()
    assert judge(sealless, SEALED) == Sound()
    sealed = [
        replace(e, subject=replace(e.subject, sealless=False)) if e.check.each else e
        for e in sealless
    ]
    assert judge(sealed, SEALED) == Gap((Reason.CHECK_MISSING,))


@pytest.mark.parametrize("check", sorted(SIGNATURE_CHECKS - SEALED.of_seals))
def test_everything_else_is_required_of_it(check: CheckName) -> None:
    if SEALED.levels[check] is not Level.REQUIRE:
        return
    left = [e for e in evidence() if e.check is not check]
    assert judge(left, SEALED) == Gap((Reason.CHECK_MISSING,))


@pytest.mark.parametrize("check", sorted(SEALED.of_seals))
def test_a_failed_question_of_the_seal_decides_all_the_same(check: CheckName) -> None:
    assert judge(evidence(), SEALED) == Sound()
    bent = [
        replace(e, outcome=Outcome.FAILED, reason=Reason.SEAL_INVALID) if e.check is check else e
        for e in evidence()
    ]
    assert judge(bent, SEALED) == Broken(Reason.SEAL_INVALID)


def test_two_halves_do_not_make_a_whole() -> None:
    """A seal that answers only of the seal, and a signature that answers of all the rest."""
    sealless = [e for e in evidence() if e.check is not CheckName.SIGNATURE_HOLDS]
    seal = [
        Evidence(e.check, replace(e.subject, label="2", sealless=False), Outcome.PASSED)
        for e in sealless
        if e.check in SEALED.of_seals
    ]
    assert judge([*sealless, *seal], SEALED) == Gap((Reason.CHECK_MISSING,))


# ---- the corpus

NO_TRUST = Trust(issuer=None, type=None, keys={}, mandates=(), endpoint=None, statement=None)
SIGNED_ROWS = {
    "058dfe_image-signs.ofd": 1,
    "a7690b_image-signs-2.ofd": 1,
    "image-signs-2.ofd": 1,
    "售票换开样例.ofd": 1,
    "退票样例.ofd": 1,
    "testImageNotFound.ofd": 2,
    "testImageOverridePage.ofd": 2,
    "testPathClip.ofd": 2,
    "keyword.ofd": 1,
}
"""Files with SignedData, and how many."""
OF_THE_FILE = (
    CheckName.SIGNATURE_HOLDS,
    CheckName.DATA_HASH_HOLDS,
    CheckName.SCOPE_NAMED,
    CheckName.REFERENCES_HOLD,
    CheckName.ALGORITHMS_AGREE,
    CheckName.TIMES_AGREE,
    CheckName.SEAL_HOLDS,
    CheckName.SIGNER_IN_SEAL,
    CheckName.SEAL_IN_WINDOW,
    CheckName.SIGNED_IN_WINDOW,
    CheckName.TIMESTAMP_HOLDS,
)


def test_signed_data_of_the_corpus() -> None:
    met: dict[str, int] = {}
    for row in manifest("ofd_signed"):
        short = row.path.rsplit("/", 1)[-1]
        if short not in SIGNED_ROWS:
            continue
        facts = measure(Ofd().parse(row.file.read_bytes()), NO_TRUST, now=NOW)
        local = look(facts)
        assert not isinstance(local.state, Sound)
        for s in facts.document.signatures:
            if s.sealed is None or s.sealed.seal is not None:
                continue
            met[short] = met.get(short, 0) + 1
            own = {e.check: e for e in local.evidence if e.subject.label == s.label}
            wrong = {c: own[c].reason for c in OF_THE_FILE if own[c].reason is not None}
            if row.expected == "valid":
                assert wrong == {}, short
            else:  # three parts were changed, as the manifest says
                assert wrong == {CheckName.REFERENCES_HOLD: Reason.CONTENT_CHANGED}
            if short.startswith("test"):
                assert s.sealed.container_deviations == {
                    CmsDeviation.ATTRIBUTES_UNSORTED,
                    CmsDeviation.CONTENT_TYPE_FAMILY,
                }
    assert met in ({}, SIGNED_ROWS)


def test_no_invalid_row_of_the_corpus_is_sound() -> None:
    for row in manifest("ofd_signed"):
        if row.expected == "invalid":
            try:
                made = Ofd().parse(row.file.read_bytes())
            except Malformed:
                continue
            found = look(measure(made, NO_TRUST, now=NOW)).state
            # The list that OFD.xml speaks of is not there: no signature, hence broken for a type
            # that must be sealed.
            listless = row.path.endswith("fptpl.ofd")
            assert isinstance(found, Unsigned if listless else Broken), row.path
