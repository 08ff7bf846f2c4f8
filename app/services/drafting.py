"""Entries that would make this node trust what a document claims. Nobody has approved them."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from app.domain.certificate import Certificate, Crl, Purpose
from app.domain.elements import LicenseElement
from app.domain.errors import Refused
from app.domain.license import ParsedLicense
from app.domain.trust import Trust, TrustQuestion
from app.formats.ofd.metadata import find_elements
from app.registry.making.changes import (
    Action,
    Change,
    Kind,
    present,
)
from app.registry.making.proposals import moment
from app.registry.registration import issuer_code, type_code
from app.services.enclosed import Chain, certificates_of, makers_of, organisation_codes

STATUS_AGE: Final = 3600
"""Seconds for which an issuer's word may be used again; for whoever approves to change."""

_ORGANISATION: Final = "2.5.4.10"


@dataclass(frozen=True, slots=True)
class Draft:
    """Entries that nobody has approved yet."""

    license: ParsedLicense
    question: TrustQuestion
    known: Trust
    sections: Mapping[str, Any]
    chain: Chain
    lists: Sequence[tuple[Crl, Certificate]]

    def changes(self) -> tuple[Change, ...]:
        every = (*self._authorities(), *self._crls(), *self._type(), *self._issuer())
        return tuple(
            change
            for change in every
            if change.action is not Action.ADD or not present(self.sections, change)
        )

    def _authorities(self) -> Iterator[Change]:
        trusted = {anchor.fingerprint for anchor in self.known.authorities.anchors}
        purposes = {**dict.fromkeys(self._of_signers(), Purpose.LICENSE_SEAL), **self._of_makers()}
        for certificate, purpose in purposes.items():
            if certificate.sha256 not in trusted:
                entry = {
                    "certificate": _b64(certificate.der),
                    "purposes": [purpose.value],
                    "since": moment(certificate.not_before),
                }
                yield Change(Action.ADD, Kind.ANCHOR, entry)
        held = set(self.known.authorities.intermediates)
        for inner in self.chain.between():
            if inner.der not in held:
                yield Change(Action.ADD, Kind.INTERMEDIATE, {"certificate": _b64(inner.der)})

    def _of_signers(self) -> list[Certificate]:
        """The topmost of each way from a certificate that is no seal maker's."""
        makers = makers_of(self.license)
        return self.chain.ends([leaf for leaf in self.chain.leaves if leaf not in makers])

    def _of_makers(self) -> dict[Certificate, Purpose]:
        """An authority of makers alone; where it is the signers' as well, the maker itself."""
        signing = {c.sha256 for c in self._of_signers()} | {
            a.fingerprint
            for a in self.known.authorities.anchors
            if Purpose.LICENSE_SEAL in a.purposes
        }
        tops = {maker: self.chain.ends([maker]) for maker in makers_of(self.license)}
        return {
            maker if top.sha256 in signing else top: Purpose.SEAL_MAKER
            for maker, ends in tops.items()
            for top in ends
        }

    def _crls(self) -> Iterator[Change]:
        held = {crl.sha256 for crl in self.known.authorities.lists}
        for crl, _ in self.lists:
            if crl.sha256 not in held:
                yield Change(Action.ADD, Kind.CRL, {"crl": _b64(crl.der)})

    def _type(self) -> Iterator[Change]:
        code = self.question.type
        if code is None or self.known.type is not None or not is_type(code):
            return
        name = self._text(LicenseElement.TYPE_NAME, LicenseElement.NAME) or code
        entry = {
            "code": code,
            "name": {"zh": name, "en": name},
            "must_be_sealed": True,
            "max_status_age": STATUS_AGE,
        }
        yield Change(Action.ADD, Kind.TYPE, entry)

    def _issuer(self) -> Iterator[Change]:
        code, type = self.question.issuer, self.question.type
        if code is None or type is None or not (is_issuer(code) and is_type(type)):
            return
        known = self.known.issuer
        # Another body's seal is not the issuer's because it stands in a document that says so.
        bears = str(code) in organisation_codes(self.license)
        if known is not None and type in known.types and (not bears or self._bears(code)):
            return
        codes = {str(type): [str(code)]} if bears else {}
        own = next((e for e in self.sections.get("issuers", ()) if e.get("code") == code), None)
        if own is not None:
            named = dict(own.get("organisation_codes", {}))
            for each, values in codes.items():
                named[each] = sorted({*named.get(each, []), *values})
            types = sorted({*own["types"], type})
            if types != sorted(own["types"]) or named != own.get("organisation_codes", {}):
                entry = {"code": code, "types": types, "organisation_codes": named}
                yield Change(Action.CHANGE, Kind.ISSUER, entry)
            return
        name = self._text(LicenseElement.ISSUER_NAME) or _organisation(self.license) or code
        entry = {"code": code, "title": {"zh": name, "en": name}, "types": [type], "keys": []}
        if codes:
            entry["organisation_codes"] = codes
        yield Change(Action.ADD, Kind.ISSUER, entry)

    def _bears(self, organisation: str) -> bool:
        return self.known.owners.get(organisation) == self.question.issuer

    def _text(self, *elements: LicenseElement) -> str | None:
        """The first value of the elements that a list can hold; by the document's own word."""
        if self.license.package is None:
            return None
        for element in elements:
            for found in find_elements(self.license.package):
                if found.element is element and found.value.isprintable() and found.value.strip():
                    return found.value.strip()[:200]
        return None


def _organisation(license: ParsedLicense) -> str | None:
    """O of the first signer, without its code: a name to begin with."""
    for sealing in license.sealings:
        for part, certificate in certificates_of(sealing):
            texts = [a.text for a in certificate.subject if a.type == _ORGANISATION]
            for text in texts if part == "signer" else ():
                bare = text
                for code in certificate.organisation_codes:
                    bare = bare.replace(code, "")
                if bare.strip() and bare.isprintable():
                    return bare.strip()
    return None


def is_type(code: str) -> bool:
    with suppress(Refused):
        return bool(type_code("type", code))
    return False


def is_issuer(code: str) -> bool:
    with suppress(Refused):
        return bool(issuer_code("issuer", code))
    return False


def _b64(der: bytes) -> str:
    return base64.b64encode(der).decode("ascii")
