"""Certificates in a document, or handed in beside it: whose part they are, and who issued whom."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from app.crypto.certificates import read_certificate, verify_issued
from app.crypto.paths import may_issue
from app.domain.certificate import Certificate, Crl
from app.domain.codes import organisation_code_ok, uscc_check_ok
from app.domain.errors import InvalidSignature, Malformed, Refused
from app.domain.license import ParsedLicense, PdfSealing, Sealing
from app.services.learned import Named


def certificates_of(sealing: Sealing | PdfSealing) -> Iterator[tuple[str, Certificate]]:
    """Those that can be read, with their part."""
    found: list[tuple[str, bytes | None]] = [("signer", sealing.certificate)]
    if sealing.signature is not None:
        found.append(("maker", sealing.signature.seal.maker_certificate))
    if sealing.cms is not None:
        found += [("enclosed", der) for der in sealing.cms.intermediates]
    for part, der in found:
        if der is not None:
            with suppress(Malformed):
                yield part, read_certificate(der)


def makers_of(license: ParsedLicense) -> list[Certificate]:
    """制章者, each once."""
    pairs = (pair for sealing in license.sealings for pair in certificates_of(sealing))
    return list(dict.fromkeys(c for part, c in pairs if part == "maker"))


def organisation_codes(license: ParsedLicense) -> list[str]:
    """By which the signers name themselves, each once, with sound check characters."""
    codes = [s.organisation_codes[0] for s in signers_of(license) if s.organisation_codes]
    sound = (code for code in codes if uscc_check_ok(code) or organisation_code_ok(code))
    return list(dict.fromkeys(sound))


def signers_of(license: ParsedLicense) -> list[Certificate]:
    pairs = (pair for sealing in license.sealings for pair in certificates_of(sealing))
    return [certificate for part, certificate in pairs if part == "signer"]


@dataclass(frozen=True, slots=True)
class Chain:
    """Who at hand issued whom: by name, by right and by signature."""

    leaves: tuple[Certificate, ...]
    above: Mapping[str, Certificate] = field(repr=False)
    """SHA-256 → the certificate that issued it."""

    @classmethod
    def of(cls, inside: Sequence[Certificate], beside: Sequence[Certificate]) -> "Chain":
        pool = {c.sha256: c for c in (*inside, *beside)}
        above: dict[str, Certificate] = {}
        for certificate in pool.values():
            issuer = next((c for c in pool.values() if issued(certificate, c)), None)
            if issuer is not None:
                above[certificate.sha256] = issuer
        return cls(tuple(inside), above)

    def way(self, certificate: Certificate) -> list[Certificate]:
        """Upwards from its issuer, as far as is at hand; each once."""
        found: list[Certificate] = []
        issuer = self.above.get(certificate.sha256)
        while issuer is not None and issuer not in found and issuer != certificate:
            found.append(issuer)
            issuer = self.above.get(issuer.sha256)
        return found

    def ends(self, leaves: Sequence[Certificate] | None = None) -> list[Certificate]:
        """The topmost of each way, of all leaves or of some: what an anchor would be made of."""
        chosen = self.leaves if leaves is None else leaves
        tops = [way[-1] for leaf in chosen if (way := self.way(leaf))]
        return list(dict.fromkeys(tops))

    def between(self) -> list[Certificate]:
        """All the others on the ways: trusted for nothing by themselves."""
        tops = self.ends()
        inner = [c for leaf in self.leaves for c in self.way(leaf) if c not in tops]
        return list(dict.fromkeys(inner))

    def authorities(self) -> list[Certificate]:
        return [*self.ends(), *self.between()]

    def require_used(self, beside: Sequence[Certificate]) -> None:
        """Raises `Refused` for a certificate that is on no way."""
        on_the_way = self.authorities()
        for index, certificate in enumerate(beside):
            if certificate not in on_the_way:
                message = (
                    f"number {index + 1} (sha256 {certificate.sha256}) issued none of the "
                    "certificates in the file: name, right and signature must all fit"
                )
                raise Refused("issuer-certificate", message)

    def named(self, part: str, certificate: Certificate) -> Named:
        issuer = self.above.get(certificate.sha256)
        return Named(part=part, certificate=certificate, issuer=issuer.sha256 if issuer else None)


def issued(certificate: Certificate, issuer: Certificate) -> bool:
    """By name, by right to issue, by key identifiers where both say them, and by signature."""
    ids = (certificate.authority_key_id, issuer.key_id)
    if certificate.issuer_raw != issuer.subject_raw or not may_issue(issuer):
        return False
    if None not in ids and ids[0] != ids[1]:
        return False
    try:
        verify_issued(
            certificate.signature_oid,
            certificate.signature_parameters,
            certificate.message,
            certificate.value,
            issuer,
        )
    except InvalidSignature:
        return False
    return True


def lists_of(chain: Chain, lists: Sequence[Crl]) -> list[tuple[Crl, Certificate]]:
    """Each list with the authority on the way that signed it. Raises `Refused` for any other."""
    found = []
    for index, crl in enumerate(lists):
        authority = next((c for c in chain.authorities() if _signed(crl, c)), None)
        if authority is None:
            message = f"number {index + 1} is signed by no authority at hand: give its certificate"
            raise Refused("crl", message)
        found.append((crl, authority))
    return found


def _signed(crl: Crl, authority: Certificate) -> bool:
    if crl.issuer_raw != authority.subject_raw:
        return False
    try:
        verify_issued(
            crl.signature_oid, crl.signature_parameters, crl.message, crl.value, authority
        )
    except InvalidSignature:
        return False
    return True
