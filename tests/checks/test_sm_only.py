"""`sm_only` (密评): every layer by SM2 and SM3, or the verdict stays open; each layer alone, by a twin.

Untouched, each document is valid with `sm_only`; every case makes one layer another's, or unknown,
and the same facts without `sm_only` stay valid.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.crypto.certificates import read_certificate
from app.crypto.paths import validate_path
from app.crypto.revocation import read_crl
from app.domain.certificate import PathFact, Purpose
from app.domain.evidence import CheckName, Outcome
from app.domain.facts import Facts, Value
from app.domain.issuer import Answered, Code, IssuerAnswer, Silence, Statement, Unreachable
from app.domain.layers import Layer, protections
from app.domain.reasons import Reason
from app.domain.scheme import SM_ALGORITHMS, Algorithm, Digest, Scheme
from app.domain.sealed import Arithmetic, TimestampFacts
from app.domain.verdict import Conclusion, Verdict
from app.domain.word import InForce
from app.registry.serial import dump_answer, dump_facts, load_answer, load_facts
from app.services.judgement import conclude, look, replay
from tests.checks import scene, test_layouts, test_signed_data, test_timestamped
from tests.checks.scene import CERTIFICATE, FILE, MAKER, SEAL, SEALED, TOKEN
from tests.crypto import test_ocsp
from tests.pki import NOW as PKI_NOW
from tests.pki import RSA_OID, Authority, certificate, crl, ecdsa_key, name, root, sm2_key
from tests.world import CONFIRMED, DAY, HOUR, NOW

SM2, SM3 = Scheme.SM2_SM3, Digest.SM3
OTHERS: tuple[Algorithm, ...] = (Scheme.ECDSA_P256_SHA256, Scheme.RSA_PKCS1_SHA256, Digest.SHA256)
ANSWER = replace(CONFIRMED, algorithms=(SM2,))


def sm_path(found: PathFact) -> PathFact:
    return replace(found, algorithms=(SM2,), revocation_algorithms=(SM2,))


SIGNER = replace(CERTIFICATE, then=sm_path(CERTIFICATE.then), today=sm_path(CERTIFICATE.today))
MADE_BY = replace(MAKER, then=sm_path(MAKER.then), today=sm_path(MAKER.today))
TSA = replace(MADE_BY, organisation_codes=())
STAMP = TimestampFacts(
    value=Arithmetic.HOLDS,
    detail="",
    at=scene.SIGNED_AT,
    accuracy=timedelta(0),
    tsa=TSA,
    algorithms=(SM2, SM3),
)
SM_SEAL = replace(SEAL, maker=MADE_BY, algorithms=(SM2,))
SM_SEALED = replace(SEALED, signer=SIGNER, seal=SM_SEAL, digests=(SM3, SM3), timestamp=STAMP)
SM_FILE = replace(scene.signature(FILE, sealed=SM_SEALED), sm_only=True)
SM_TOKEN = replace(scene.key(scene.signature(TOKEN, scheme=SM2), scheme=SM2), sm_only=True)


def judged(facts: Facts, answer: IssuerAnswer = ANSWER) -> Verdict:
    return conclude(facts, look(facts), answer)[1]


def freely(facts: Facts, answer: IssuerAnswer = ANSWER) -> Verdict:
    return judged(replace(facts, sm_only=False), answer)


def open_for_algorithm(verdict: Verdict) -> bool:
    return (verdict.conclusion, verdict.reason) == (
        Conclusion.INDETERMINATE,
        Reason.ALGORITHM_NOT_SM,
    )


def sealed(**changes: Any) -> Facts:
    return scene.signature(SM_FILE, sealed=replace(SM_SEALED, **changes))


def seal(**changes: Any) -> Facts:
    return sealed(seal=replace(SM_SEAL, **changes))


def stamp(**changes: Any) -> Facts:
    return sealed(timestamp=replace(STAMP, **changes))


def then(who: str, **changes: Any) -> Facts:
    """The path of signer, maker or TSA at the time of the act, changed."""
    match who:
        case "signer":
            return sealed(signer=replace(SIGNER, then=replace(SIGNER.then, **changes)))
        case "maker":
            return seal(maker=replace(MADE_BY, then=replace(MADE_BY.then, **changes)))
        case _:
            return stamp(tsa=replace(TSA, then=replace(TSA.then, **changes)))


def today(**changes: Any) -> Facts:
    return sealed(signer=replace(SIGNER, today=replace(SIGNER.today, **changes)))


ONE_LAYER: dict[str, tuple[Layer, Callable[[tuple[Any, ...]], Facts]]] = {
    "content": (Layer.CONTENT, lambda a: sealed(digests=a)),
    "seal": (Layer.SEAL, lambda a: seal(algorithms=a)),
    "timestamp": (Layer.TIMESTAMP, lambda a: stamp(algorithms=a)),
    "seal timestamp": (
        Layer.TIMESTAMP,
        lambda a: seal(timestamp=replace(STAMP, algorithms=a, at=scene.MADE_AT)),
    ),
    "signer path": (Layer.SIGNER_PATH, lambda a: then("signer", algorithms=a)),
    "signer path today": (Layer.SIGNER_PATH, lambda a: today(algorithms=a)),
    "maker path": (Layer.MAKER_PATH, lambda a: then("maker", algorithms=a)),
    "tsa path": (Layer.TSA_PATH, lambda a: then("tsa", algorithms=a)),
    "revocation": (Layer.REVOCATION, lambda a: then("signer", revocation_algorithms=a)),
    "revocation today": (Layer.REVOCATION, lambda a: today(revocation_algorithms=a)),
    "revocation of maker": (Layer.REVOCATION, lambda a: then("maker", revocation_algorithms=a)),
    "revocation of tsa": (Layer.REVOCATION, lambda a: then("tsa", revocation_algorithms=a)),
}
"""Layer by layer, for the algorithms that are to protect it."""


@pytest.mark.parametrize("facts", [SM_FILE, SM_TOKEN], ids=["file", "token"])
def test_untouched(facts: Facts) -> None:
    """The twin of every case below; and a reader is told each layer."""
    assert judged(facts).conclusion is Conclusion.VALID
    evidence, _ = conclude(facts, look(facts), ANSWER)
    assert [e.outcome for e in evidence if e.check is CheckName.ALGORITHMS_SM] == [Outcome.PASSED]
    told = protections(facts, InForce(ANSWER))
    assert all(p.sm is True for p in told)
    layers = {p.layer for p in told}
    if facts is SM_FILE:
        assert layers == set(Layer) - {Layer.ISSUER_STATEMENT}
    else:
        assert layers == {Layer.SIGNATURE, Layer.ISSUER_ANSWER}


@pytest.mark.parametrize(
    "algorithms",
    [(), (None,), *((other,) for other in OTHERS), (SM2, SM3, OTHERS[0]), (OTHERS[0], SM2)],
    ids=str,
)
@pytest.mark.parametrize("case", ONE_LAYER)
def test_one_layer_alone(case: str, algorithms: tuple[Algorithm | None, ...]) -> None:
    layer, change = ONE_LAYER[case]
    facts = change(algorithms)
    assert freely(facts).conclusion is Conclusion.VALID
    assert open_for_algorithm(judged(facts))
    evidence, _ = conclude(facts, look(facts), ANSWER)
    (said,) = [e for e in evidence if e.check is CheckName.ALGORITHMS_SM]
    wrong = next((a for a in algorithms if a not in SM_ALGORITHMS), None)
    assert said.detail == f"{layer}: {wrong or 'not known'}"
    assert judged(change((SM2,))).conclusion is Conclusion.VALID


@pytest.mark.parametrize("scheme", sorted(set(Scheme) - {SM2}))
def test_the_signature_itself(scheme: Scheme) -> None:
    """Of a seal, and of a token by a registered key."""
    for facts in (SM_FILE, scene.key(SM_TOKEN, scheme=scheme)):
        other = scene.signature(facts, scheme=scheme)
        assert freely(other).conclusion is Conclusion.VALID
        assert open_for_algorithm(judged(other))


@pytest.mark.parametrize(
    "answer",
    [
        replace(ANSWER, algorithms=()),
        replace(ANSWER, algorithms=(Scheme.ECDSA_P256_SHA256,)),
        replace(
            ANSWER, algorithms=(Scheme.ED25519, SM2)
        ),  # a relay's signature around the issuer's
        replace(ANSWER, algorithms=(SM2, Scheme.ED25519)),
        replace(ANSWER, signed=False),  # nobody's signature, whatever else is noted
    ],
)
def test_the_issuers_answer(answer: Answered) -> None:
    assert freely(SM_TOKEN, answer).conclusion is Conclusion.VALID
    assert open_for_algorithm(judged(SM_TOKEN, answer))
    relayed = replace(ANSWER, algorithms=(SM2, SM2))
    assert judged(SM_TOKEN, relayed).conclusion is Conclusion.VALID


@pytest.mark.parametrize("scheme", [None, *(s for s in Scheme if s is not SM2)])
def test_the_issuers_statement(scheme: Scheme | None) -> None:
    """None: kept before its algorithm was noted."""
    silence = Unreachable(Silence.TIMEOUT)
    statement = Statement(Code.IN_FORCE, True, NOW, scheme=scheme)
    facts = scene.trust(SM_TOKEN, statement=statement)
    assert freely(facts, silence).conclusion is Conclusion.VALID
    assert open_for_algorithm(judged(facts, silence))
    assert judged(facts).conclusion is Conclusion.VALID, "it was asked, and the answer decided"
    twin = scene.trust(SM_TOKEN, statement=replace(statement, scheme=SM2))
    assert judged(twin, silence).conclusion is Conclusion.VALID


def test_attack_an_unsigned_statement_that_names_an_algorithm() -> None:
    statement = Statement(Code.IN_FORCE, False, NOW, scheme=SM2)
    facts = scene.trust(SM_TOKEN, statement=statement)
    assert judged(facts, Unreachable(Silence.TIMEOUT)).conclusion is not Conclusion.VALID


def test_a_strangers_signature_counts_too() -> None:
    """It spoils nothing else; but a reader sees it as part of the document."""
    stranger = replace(
        scene.BY_KEY, label="9", key_id=scene.KeyId("stranger"), value=Value.UNMEASURED
    )
    facts = scene.also(SM_TOKEN, stranger)
    assert freely(facts).conclusion is Conclusion.VALID
    assert open_for_algorithm(judged(facts))


# ---- it only takes "valid" away


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        (scene.signature(SM_FILE, scheme=OTHERS[1], value=Value.FAILS), ANSWER),
        (scene.signature(SM_TOKEN, scheme=OTHERS[1], value=Value.SCHEME_DIFFERS), ANSWER),
        (scene.signature(SM_TOKEN, scheme=Scheme.ED25519), replace(ANSWER, code=Code.ENDED)),
        (scene.signature(SM_TOKEN, scheme=Scheme.ED25519), Unreachable(Silence.TIMEOUT)),
        (
            scene.trust(
                scene.signature(SM_TOKEN, scheme=Scheme.ED25519),
                statement=Statement(Code.ENDED, True, NOW - HOUR),
            ),
            Unreachable(Silence.TIMEOUT),
        ),
    ],
)
def test_what_is_not_valid_stays_as_it_was(facts: Facts, answer: IssuerAnswer) -> None:
    assert freely(facts, answer).conclusion is not Conclusion.VALID
    assert judged(facts, answer) == freely(facts, answer)


def test_a_record_is_asked_about_its_answer_alone() -> None:
    matches = scene.Fact.HOLDER, scene.Fact.NUMBER
    said = replace(ANSWER, facts=dict.fromkeys(matches, ANSWER.document))
    facts = replace(scene.STATED, sm_only=True)
    assert judged(facts, said).conclusion is Conclusion.VALID
    other = replace(said, algorithms=(Scheme.ED25519,))
    assert freely(facts, other).conclusion is Conclusion.VALID
    assert open_for_algorithm(judged(facts, other))
    denied = replace(other, code=Code.NO_RECORD)
    assert judged(facts, denied) == freely(facts, denied)


# ---- what was kept is judged as it was


def test_facts_kept_before_are_judged_as_before() -> None:
    """Without the new members they read as not noted: valid as then, and not with `sm_only`."""
    stored = dump_facts(replace(SM_FILE, sm_only=False))
    assert stored is not None
    new = ("algorithms", "revocation_algorithms", "digests", "sm_only")
    old = _without(json.loads(stored), frozenset(new))
    text = json.dumps(old)
    assert not any(f'"{word}"' in text for word in new)
    before = load_facts(text)
    answer = load_answer(dump_answer(ANSWER).replace('"algorithms":["sm2-sm3"]', '"algorithms":[]'))
    assert replay(before, answer, "license-1.sealed")[1].conclusion is Conclusion.VALID
    assert open_for_algorithm(judged(replace(before, sm_only=True), answer))


def test_what_is_kept_of_sm_only_is_replayed_with_it() -> None:
    facts = sealed(digests=(Digest.SHA256,))
    stored = dump_facts(facts)
    assert stored is not None
    assert load_facts(stored) == facts
    assert open_for_algorithm(replay(load_facts(stored), ANSWER, "license-1.sealed")[1])


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {k: _without(v, names) for k, v in value.items() if k not in names}
    return [_without(each, names) for each in value] if isinstance(value, list) else value


# ---- what is measured


def told(facts: Facts) -> dict[Layer, set[Algorithm | None]]:
    found: dict[Layer, set[Algorithm | None]] = {}
    for each in protections(facts, InForce(ANSWER)):
        found.setdefault(each.layer, set()).add(each.algorithm)
    return found


@pytest.mark.parametrize("version", [1, 4, 5])
def test_a_real_seal_by_sm_algorithms(version: int) -> None:
    found = told(test_layouts.facts_of(test_layouts.layout(version)))
    assert found == {
        Layer.SIGNATURE: {SM2},
        Layer.CONTENT: {SM3},
        Layer.SIGNER_PATH: {SM2},
        Layer.SEAL: {SM2},
        Layer.MAKER_PATH: {SM2},
        Layer.REVOCATION: {SM2},
        Layer.ISSUER_ANSWER: {SM2},
    }


def test_a_real_seal_of_2014_by_rsa_under_an_sm2_authority() -> None:
    """Signature, maker and dataHash are others; the list of parts and the certificates are not."""
    found = told(test_layouts.facts_of(test_layouts.rsa_v1(), RSA_OID))
    assert found[Layer.SIGNATURE] == found[Layer.SEAL] == {Scheme.RSA_PKCS1_SHA256}
    assert found[Layer.CONTENT] == {Digest.SHA256, SM3}
    assert found[Layer.SIGNER_PATH] == found[Layer.MAKER_PATH] == {SM2}


def test_a_real_signature_without_a_seal() -> None:
    found = told(test_signed_data.facts_of(test_signed_data.GOOD))
    assert found == {
        Layer.SIGNATURE: {SM2},
        Layer.CONTENT: {SM3},
        Layer.SIGNER_PATH: {SM2},
        Layer.REVOCATION: {SM2},
        Layer.ISSUER_ANSWER: {SM2},
    }


def test_a_real_timestamp() -> None:
    """Token, imprint and messageDigest; a classic digest of what is stamped alone is told."""
    made = test_timestamped.facts_of(test_timestamped.stamped(test_timestamped.tsa()))
    sha = test_timestamped.tsa(imprint_digest="2.16.840.1.101.3.4.2.1")
    other = test_timestamped.facts_of(test_timestamped.stamped(sha))
    assert told(other)[Layer.TIMESTAMP] == told(made)[Layer.TIMESTAMP] | {Digest.SHA256}
    assert SM2 in told(made)[Layer.TIMESTAMP]
    assert SM3 in told(made)[Layer.TIMESTAMP]
    assert told(made)[Layer.TSA_PATH] == {SM2}


ROOT = root("国密根", sm2_key(141))
CLASSIC = root("非国密根", ecdsa_key())


@pytest.mark.parametrize(
    ("by", "scheme"), [(ROOT, SM2), (CLASSIC, Scheme.ECDSA_P256_SHA256)], ids=["sm", "classic"]
)
def test_a_real_path_and_its_list(by: Authority, scheme: Scheme) -> None:
    """The anchor's own signature is nobody's business: it is trusted by its registration."""
    leaf = certificate(name("用户"), sm2_key(142), by, serial=7)
    day = {"this_update": PKI_NOW - DAY, "next_update": PKI_NOW + DAY}
    options: dict[str, Any] = {"moment": PKI_NOW, "purpose": Purpose.LICENSE_SEAL}
    lists = [read_crl(crl(by, **day))]
    found = validate_path(read_certificate(leaf), (), [by.anchor()], lists, **options)
    assert (found.algorithms, found.revocation_algorithms) == ((scheme,), (scheme,))
    without = validate_path(read_certificate(leaf), (), [by.anchor()], (), **options)
    assert (without.algorithms, without.revocation_algorithms) == ((scheme,), ())


def test_a_real_response_by_a_certified_responder() -> None:
    """Of the response, and of the responder's certificate."""
    by, certificates = test_ocsp.delegate()
    found = test_ocsp.path(test_ocsp.Response(by, certificates=certificates).make())
    assert found.revocation_algorithms == (SM2, SM2)
    assert test_ocsp.path(test_ocsp.Response().make()).revocation_algorithms == (SM2,)
    classic = Authority(by.name, ecdsa_key())
    mine = certificate(
        by.name, classic.key, test_ocsp.ROOT, serial=556, purposes=[test_ocsp.OCSP_SIGNING]
    )
    given = test_ocsp.Response(classic, certificates=(mine,)).make()
    mixed = test_ocsp.path(given)
    assert test_ocsp.state(mixed) == "good"
    assert mixed.revocation_algorithms == (Scheme.ECDSA_P256_SHA256, SM2)
