"""`trust doctor`, of RSA keys that share a prime: whoever has both factors both (SIG-21).

What is refused of a single key is refused as it comes in (`app.crypto.rsa_rules`); this shows only
between keys, of whichever source.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from app.crypto import spki
from app.crypto.certificates import read_certificate
from app.crypto.rsa_rules import with_shared_primes
from app.domain.errors import InvalidKey, Malformed
from app.services.doctor import Checked, Finding, Problem

MOST: Final = 512
"""Moduli compared with one another, some seconds; more are told of and not compared."""


def shared_primes(sources: Sequence[Checked]) -> list[Finding]:
    """Every place of a key that shares a prime with another one; revoked keys are compared too,
    since they give the other away.
    """
    places = [(place, n) for source in sources for place, n in _moduli(source)]
    moduli = list(dict.fromkeys(n for _, n in places))
    weak = with_shared_primes(moduli[:MOST])
    found = [Finding(Problem.SHARED_PRIME, place) for place, n in places if n in weak]
    if len(moduli) > MOST:
        found.append(Finding(Problem.KEYS_NOT_COMPARED, "RSA", f"{len(moduli) - MOST}"))
    return found


def _moduli(source: Checked) -> Iterator[tuple[str, int]]:
    """(place, modulus) of the RSA keys of issuers and authorities."""
    for key in source.content.registration.keys:
        with suppress(InvalidKey):
            material = spki.parse(key.spki)
            if isinstance(material, spki.RsaNumbers):
                yield f"{source.name} key 密钥 {key.owner}/{key.key_id}", material.n
    held = source.content.authorities
    for der in (*(anchor.der for anchor in held.anchors), *held.intermediates):
        with suppress(InvalidKey, Malformed):
            certificate = read_certificate(der)
            material = spki.parse(certificate.spki)
            if isinstance(material, spki.RsaNumbers):
                yield f"{source.name} authority 机构 {certificate.sha256}", material.n
