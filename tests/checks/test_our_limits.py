"""Fault: what this service does not know, told as if the document were forged.

An algorithm nobody told us of, a container with several signers, a seal of a version to come: that
is doubt, by name. What no reading could save stays a failure: nobody signed, no algorithm at all, a
MAC in the place of a signature, or two places that name two algorithms.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.checks.measure import measure
from app.crypto.extensions import MAX_EXTENSIONS, MAX_PURPOSES
from app.crypto.names import MAX_ATTRIBUTES
from app.domain.evidence import CheckName, Outcome
from app.domain.facts import Facts
from app.domain.license import ParsedLicense
from app.domain.ofd import SignatureType
from app.domain.proven import TimeSource
from app.domain.reasons import Reason
from app.domain.scheme import Digest
from app.domain.seal import ValueForm
from app.domain.verdict import Broken, Gap, LocalState, Sound
from app.formats.ofd.license import read_value
from app.registry.serial import dump_facts, load_facts
from sandbox import der
from tests import cms_maker as cm
from tests.checks import test_layouts as seals
from tests.checks import test_timestamped as stamps
from tests.checks.test_measure_seals import NOW
from tests.checks.test_signed_data import (
    KEY,
    ROOT,
    SERIAL,
    document,
    facts_of,
    leaf,
    maker,
    organisation,
    signed,
    state,
    trusted,
    verdict_of,
)
from tests.pki import certificate, extension, name, organisation_extension, utf8

ECDSA_SHA3_256 = "2.16.840.1.101.3.4.3.10"
"""NIST: known to the world, and not to this service."""


def value(octets: bytes, method: str | None = None) -> ParsedLicense:
    """The good file with `octets` as its SignedValue.dat, read as any file is."""
    (one,) = document().sealings
    found = read_value(octets)
    kind = SignatureType.SIGN if found.form is ValueForm.CMS else SignatureType.SEAL
    entry = replace(
        one.entry,
        type=kind,
        method=method or one.entry.method,
        seal_declared=False,
        seal=None,
        signed_value=octets,
    )
    made = replace(
        one,
        entry=entry,
        form=found.form,
        signature=found.signature,
        cms=found.cms,
        problem=found.problem,
        beyond=found.beyond,
    )
    return replace(document(), sealings=(made,))


def container(method: str | None = None, **changes: object) -> ParsedLicense:
    return value(maker(**changes).make(), method)


def unheard_of() -> ParsedLicense:
    """By an algorithm that Signature.xml and the container name alike."""
    return container(ECDSA_SHA3_256, algorithm=cm.algorithm(ECDSA_SHA3_256))


def seal_of(version: int, layout: int = 4) -> Facts:
    made = replace(seals.layout(layout), version=version)
    return measure(value(made.signature()), seals.trust(), now=NOW)


def kept(facts: Facts) -> LocalState:
    """The state, the same after the facts went through the journal."""
    found = state(facts)
    assert state(load_facts(dump_facts(facts) or "")) == found
    return found


def doubted(facts: Facts, reason: Reason) -> bool:
    found = kept(facts)
    assert not isinstance(found, Broken), found
    return isinstance(found, Gap) and reason in found.reasons


CROWDED = [extension(f"1.2.3.4.{n}", b"x") for n in range(MAX_EXTENSIONS)]
"""One more than is read here, with those that every certificate has."""
LONG_NAME = [("2.5.4.11", utf8(f"处{n}")) for n in range(MAX_ATTRIBUTES)]
PURPOSES = [f"1.3.6.1.5.5.7.3.{n}" for n in range(100, 101 + MAX_PURPOSES)]


def crowded_maker() -> bytes:
    return certificate(
        name("制章者"), seals.MAKER_KEY, seals.MAKER_ROOT, serial=31, more=CROWDED, **seals.WINDOW
    )


def of_named(*more: tuple[str, bytes]) -> bytes:
    """The signer's own certificate, by a name of so many attributes."""
    owner = ("2.5.4.10", utf8(organisation() + "某局"))
    extensions = [organisation_extension(organisation())]
    return certificate(
        *(name("签名者", owner, *more), KEY, ROOT),
        **{"more": extensions, "serial": SERIAL, **seals.WINDOW},
    )


def by_digest(written: str) -> Facts:
    """The good seal over references by another CheckMethod; the file is otherwise the same."""
    (one,) = document().sealings
    found = {"1.2.156.10197.1.401": Digest.SM3}.get(written)
    coverage = one.coverage
    if found is None:
        parts = coverage.covered
        coverage = replace(coverage, digest=None, covered=(), unchecked=parts)
    made = replace(one, entry=replace(one.entry, check_method=written), coverage=coverage)
    return facts_of(replace(document(), sealings=(made,)))


DOUBT: dict[str, tuple[Callable[[], Facts], Reason]] = {
    "two signers": (lambda: facts_of(container(signers=2)), Reason.BEYOND_LIMITS),
    "a version of SignedData to come": (
        lambda: facts_of(container(version=7)), Reason.BEYOND_LIMITS),
    "an algorithm of signatures nobody told us of": (
        lambda: facts_of(unheard_of()),
        Reason.SIGNATURE_UNSUPPORTED,
    ),
    "an algorithm of digests nobody told us of": (
        lambda: facts_of(container(digest=cm.SHA3_256)), Reason.SIGNATURE_UNSUPPORTED),
    "a seal of version 6": (lambda: seal_of(6), Reason.BEYOND_LIMITS),
    "an old seal of version 6": (lambda: seal_of(6, layout=1), Reason.BEYOND_LIMITS),
    "a seal by an algorithm nobody told us of": (
        lambda: seals.facts_of(
            seals.layout(4, algorithm=der.oid(ECDSA_SHA3_256)), ECDSA_SHA3_256
        ),
        Reason.SIGNATURE_UNSUPPORTED,
    ),
    "a signer's certificate of more extensions than we read": (
        lambda: seals.facts_of(replace(seals.layout(4), signer_certificate=leaf(more=CROWDED))),
        Reason.BEYOND_LIMITS,
    ),
    "a signer's certificate of a longer name than we read": (
        lambda: seals.facts_of(replace(seals.layout(4), signer_certificate=of_named(*LONG_NAME))),
        Reason.BEYOND_LIMITS,
    ),
    "a signer's certificate of more purposes than we read": (
        lambda: seals.facts_of(replace(seals.layout(4), signer_certificate=leaf(purposes=PURPOSES))),
        Reason.BEYOND_LIMITS,
    ),
    "a seal maker's certificate of more extensions than we read": (
        lambda: seals.facts_of(replace(seals.layout(4), maker_certificate=crowded_maker())),
        Reason.BEYOND_LIMITS,
    ),
    "a container whose signer's certificate has more extensions than we read": (
        lambda: facts_of(container(certificate=leaf(more=CROWDED))), Reason.BEYOND_LIMITS),
    "references by a digest nobody told us of": (
        lambda: by_digest("2.16.840.1.101.3.4.2.8"), Reason.SIGNATURE_UNSUPPORTED),
}  # fmt: skip


def test_the_twins_are_sound() -> None:
    assert kept(facts_of(container())) == Sound()
    assert kept(seal_of(4)) == kept(seal_of(5)) == kept(seal_of(1, layout=1)) == Sound()


@pytest.mark.parametrize("case", DOUBT)
def test_fault_what_we_do_not_know_is_doubt(case: str) -> None:
    make, reason = DOUBT[case]
    assert doubted(make(), reason)


FORGED: dict[str, tuple[Callable[[], Facts], Reason]] = {
    "nobody signed (SIG-26)": (
        lambda: facts_of(container(signers=0)), Reason.SIGNATURE_UNREADABLE),
    "a version of SignedData there never was": (
        lambda: facts_of(container(version=2)), Reason.SIGNATURE_UNREADABLE),
    "a known digest beside a known algorithm of another": (
        lambda: facts_of(container(algorithm=cm.algorithm("1.2.840.10045.4.3.2"))),
        Reason.SIGNATURE_INVALID,
    ),
    "a seal of 2020 called 1": (lambda: seal_of(1), Reason.SIGNATURE_UNREADABLE),
    "a seal of 2014 called 5": (lambda: seal_of(5, layout=1), Reason.SIGNATURE_UNREADABLE),
    "a seal of version 3": (lambda: seal_of(3), Reason.SIGNATURE_UNREADABLE),
    "a seal of version 0": (lambda: seal_of(0), Reason.SIGNATURE_UNREADABLE),
    "two places, two algorithms, in a container": (
        lambda: facts_of(container(algorithm=cm.algorithm(ECDSA_SHA3_256))),
        Reason.ALGORITHM_MISMATCH,
    ),
    "two places, two algorithms": (
        lambda: seals.facts_of(seals.layout(4, algorithm=der.oid(ECDSA_SHA3_256))),
        Reason.ALGORITHM_MISMATCH,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FORGED)
def test_attack_what_no_reading_could_save_stays_broken(case: str) -> None:
    make, reason = FORGED[case]
    assert kept(make()) == Broken(reason)


def test_a_known_digest_that_differs_stays_broken_beside_an_unknown_algorithm() -> None:
    """SM3 of something else: whatever the algorithm of the value, it is not about this file."""
    made = maker(algorithm=cm.algorithm(ECDSA_SHA3_256))
    made.attributes = [cm.content_type(), cm.message_digest(bytes(32))]
    assert state(facts_of(signed(made.make()))) == Broken(Reason.DATA_HASH_DIFFERS)


def test_nothing_an_issuer_says_closes_it() -> None:
    assert verdict_of(unheard_of(), trusted()).conclusion == "indeterminate"


@pytest.mark.parametrize("case", ["two signers", "an unknown algorithm", "an unknown digest"])
def test_fault_a_timestamp_of_a_kind_we_do_not_know_proves_nothing_and_breaks_nothing(
    case: str,
) -> None:
    made = stamps.tsa()
    assert stamps.source(stamps.facts_of(stamps.stamped(made))) is TimeSource.TSA
    bent = {
        "two signers": lambda: stamps._with_token(signers(made, 2)),
        "an unknown algorithm": lambda: stamps.stamped(
            replace(made, algorithm=cm.algorithm(ECDSA_SHA3_256))
        ).sealings[0],
        "an unknown digest": lambda: stamps.stamped(
            replace(made, imprint_digest=cm.SHA3_256)
        ).sealings[0],
    }[case]()
    facts = stamps.facts_of(replace(stamps.document(), sealings=(bent,)))
    assert state(facts) == Sound()
    assert stamps.source(facts) is TimeSource.CLAIMED
    outcome, _, detail = stamps.said(facts, CheckName.TIMESTAMP_HOLDS)
    assert outcome is Outcome.NOT_APPLICABLE
    assert "a claim" in detail
    nobody = replace(stamps.document(), sealings=(stamps._with_token(signers(made, 0)),))
    assert state(stamps.facts_of(nobody)) == Broken(Reason.TIMESTAMP_INVALID)


def signers(made: cm.Tsa, count: int) -> bytes:
    return cm.CmsMaker(
        stamps.KEY,
        made.certificate,
        family=cm.SIGNED,
        type=cm.TST_INFO,
        inside=made.info(b""),
        signers=count,
    ).make()
