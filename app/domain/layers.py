"""Which algorithm protects each layer of what a verdict rests on (密评: GB/T 39786-2021).

Only what is known from the facts is told. A layer that is there and of which nothing was noted, as
in facts kept by an older version, is told with no algorithm: it is not known to be SM.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.domain.certificate import Chain, PathFact, RevocationState
from app.domain.facts import Facts, SignatureFacts, Value
from app.domain.issuer import Answered, Code
from app.domain.scheme import SM_ALGORITHMS, Algorithm
from app.domain.sealed import (
    Arithmetic,
    CertificateFacts,
    SealedFacts,
    SealFacts,
    TimestampFacts,
)
from app.domain.word import InForce, Silent, Word


class Layer(StrEnum):
    """What something protects."""

    SIGNATURE = "signature"
    """Of the signer, over token, file or seal signature (签名值)."""
    CONTENT = "content"
    """Digests from the signature down to the parts it covers (杂凑)."""
    SIGNER_PATH = "signer_path"
    """Certificates of the signer and of the authorities above it, but for the anchor's own."""
    SEAL = "seal"
    """印章: the maker's signature, and digests of the certificates that may use it."""
    MAKER_PATH = "maker_path"
    """制章者证书, as of the signer."""
    TIMESTAMP = "timestamp"
    """时间戳: token, its digests, and its imprint."""
    TSA_PATH = "tsa_path"
    REVOCATION = "revocation"
    """CRL and OCSP by which the certificates of a path are good (吊销信息)."""
    ISSUER_ANSWER = "issuer_answer"
    """The issuer's signed answer, and that of who handed it on."""
    ISSUER_STATEMENT = "issuer_statement"
    """The issuer's last signed word, where nobody could be asked."""


@dataclass(frozen=True, slots=True)
class Protection:
    """One layer, and one algorithm that protects it."""

    layer: Layer
    signature: str | None
    """Label of the signature it belongs to."""
    algorithm: Algorithm | None
    """None: there is none, it is none of ours, or nobody noted which."""

    @property
    def sm(self) -> bool | None:
        """Whether it is one of SM2 and SM3; None: not known."""
        return None if self.algorithm is None else self.algorithm in SM_ALGORITHMS


_Told = Iterable[tuple[Layer, Iterable[Algorithm | None]]]


def protections(facts: Facts, word: Word) -> tuple[Protection, ...]:
    """Every layer, each algorithm of it once; `word`: what the issuer's answer amounted to.

    All signatures of the document count, also those of strangers: a reader sees them all.
    """
    found = [
        Protection(layer, s.label, algorithm)
        for s in facts.document.signatures
        for layer, algorithms in _of_signature(s)
        for algorithm in tuple(algorithms) or (None,)
    ]
    found += [
        Protection(Layer.ISSUER_ANSWER, asked.label, algorithm)
        for asked in facts.seals
        if isinstance(asked.answer, Answered) and asked.answer.code is Code.IN_FORCE
        for algorithm in _of_answer(asked.answer)
    ]
    if not facts.seals:
        told = _of_word(facts, word)
        found += [Protection(layer, None, each) for layer, some in told for each in some]
    return tuple(dict.fromkeys(found))


def _of_signature(s: SignatureFacts) -> _Told:
    yield Layer.SIGNATURE, (s.scheme,) if s.value is Value.HOLDS else ()
    if s.sealed is not None:
        yield from _of_sealed(s.sealed)


def _of_sealed(sealed: SealedFacts) -> _Told:
    yield Layer.CONTENT, sealed.digests if sealed.data_hash is Arithmetic.HOLDS else ()
    yield from _of_path(Layer.SIGNER_PATH, sealed.signer)
    if sealed.seal is not None:
        yield from _of_seal(sealed.seal)
    yield from _of_timestamp(sealed.timestamp)


def _of_seal(seal: SealFacts) -> _Told:
    yield Layer.SEAL, seal.algorithms if seal.value is Arithmetic.HOLDS else ()
    yield from _of_path(Layer.MAKER_PATH, seal.maker)
    yield from _of_timestamp(seal.timestamp)


def _of_timestamp(token: TimestampFacts | None) -> _Told:
    if token is not None:
        yield Layer.TIMESTAMP, token.algorithms if token.value is Arithmetic.HOLDS else ()
        yield from _of_path(Layer.TSA_PATH, token.tsa)


def _of_path(layer: Layer, certificate: CertificateFacts | None) -> _Told:
    """At the time of the act, and today where there still is a path: paths may differ."""
    if certificate is None or certificate.then.chain is not Chain.ANCHORED:
        yield layer, ()
        yield Layer.REVOCATION, ()
        return
    for path in _paths(certificate):
        good = path.revocation.state is RevocationState.GOOD
        yield layer, path.algorithms
        yield Layer.REVOCATION, path.revocation_algorithms if good else ()


def _paths(certificate: CertificateFacts) -> Iterator[PathFact]:
    yield certificate.then
    if certificate.today.chain is Chain.ANCHORED:
        yield certificate.today


def _of_answer(said: Answered) -> tuple[Algorithm | None, ...]:
    return (said.algorithms if said.signed else ()) or (None,)


def _of_word(facts: Facts, word: Word) -> _Told:
    """What the issuer said counts where it could make the verdict valid, and not where it denies.

    Of a statement that an older version kept it is not noted by which algorithm it was signed.
    """
    statement = facts.trust.statement
    match word:
        case InForce(said):
            yield Layer.ISSUER_ANSWER, _of_answer(said)
        case Silent() if facts.signers is None and statement is not None and statement.in_force:
            yield Layer.ISSUER_STATEMENT, (statement.scheme if statement.signed else None,)
        case _:
            return
