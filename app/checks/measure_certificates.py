"""Certificates in their roles against the registry's authorities, judged at two times.

At the time of the act and today, because a claimed time can be back-dated and a proven one cannot.
What a document brings along may be a step on a path, and is trusted for nothing.
"""

from collections.abc import Iterable
from datetime import datetime

from app.crypto.certificates import read_certificate
from app.crypto.ocsp import read_ocsp
from app.crypto.paths import validate_path
from app.crypto.spki import same_key
from app.domain.certificate import Certificate, PathFact, Purpose, Role
from app.domain.errors import Malformed
from app.domain.ocsp import OcspResponse
from app.domain.sealed import CertificateFacts
from app.domain.trust import Authorities

MAX_BROUGHT = 16
"""Certificates taken from a document as steps; more would only make the search longer."""

_PURPOSES = {Role.MAKER: Purpose.SEAL_MAKER, Role.TSA: Purpose.TSA}
"""What an anchor must be registered for; of signers the kind of the document decides."""


class Judge:
    """One document's certificates."""

    def __init__(
        self,
        authorities: Authorities,
        now: datetime,
        seen: datetime | None,
        sealing: Purpose = Purpose.LICENSE_SEAL,
    ) -> None:
        self._authorities = authorities
        self._sealing = sealing
        self._intermediates = _readable(authorities.intermediates)
        self._ocsp = _responses(authorities.ocsp)
        self.now = now
        self.otherwise = seen or now
        """The time of an act of which nobody says when: when this node first saw the file, or now.
        It was no later."""

    def facts(
        self, der: bytes, role: Role, then: datetime, brought: Iterable[bytes] = ()
    ) -> CertificateFacts | None:
        """None where the certificate cannot be read.

        Args:
            der: of the certificate.
            role: SIGNER, MAKER or TSA; each needs an anchor of its own purpose.
            then: the time of the act.
            brought: other certificates of the document.
        """
        try:
            leaf = read_certificate(der)
        except Malformed:
            return None
        steps = self._intermediates + _readable(tuple(brought)[:MAX_BROUGHT])
        return CertificateFacts(
            sha256=leaf.sha256,
            sm3=leaf.sm3,
            serial=f"{leaf.serial:x}",
            organisation_codes=leaf.organisation_codes,
            not_before=leaf.not_before,
            not_after=leaf.not_after,
            then=self._path(leaf, steps, role, then),
            today=self._path(leaf, steps, role, self.now),
            deviations=leaf.deviations,
        )

    def _path(
        self, leaf: Certificate, steps: tuple[Certificate, ...], role: Role, moment: datetime
    ) -> PathFact:
        return validate_path(
            leaf,
            steps,
            self._authorities.anchors,
            self._authorities.lists,
            moment=moment,
            purpose=_PURPOSES.get(role, self._sealing),
            role=role,
            fresh_at=max(moment, self.now),
            ocsp=self._ocsp,
        )


def same_holder_key(one: bytes, other: bytes) -> bool:
    """Whether two certificates are about one key; False where one cannot be read."""
    try:
        return same_key(read_certificate(one).spki, read_certificate(other).spki)
    except Malformed:
        return False


def _readable(ders: Iterable[bytes]) -> tuple[Certificate, ...]:
    found = []
    for der in ders:
        try:
            found.append(read_certificate(der))
        except Malformed:  # one that cannot be read leads nowhere
            continue
    return tuple(found)


def _responses(ders: Iterable[bytes]) -> tuple[OcspResponse, ...]:
    found = []
    for der in ders:
        try:
            found.append(read_ocsp(der))
        except Malformed:  # one that cannot be read says nothing
            continue
    return tuple(found)
