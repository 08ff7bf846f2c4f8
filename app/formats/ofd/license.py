"""An OFD as a license: its seals read, its elements chosen, and what covers which of them.

Nothing is verified here but digests of parts, which tell what a signature covers at all.
"""

from dataclasses import dataclass, replace
from itertools import islice
from typing import assert_never

from app.crypto.cms import read_cms
from app.crypto.ses import form_of, read_seal_signature
from app.domain.cms import CmsSignature
from app.domain.errors import BeyondLimits, Malformed
from app.domain.license import LicenseFormat, ParsedLicense, Sealing
from app.domain.ofd import Coverage, OfdPackage
from app.domain.seal import SealSignature, ValueForm
from app.formats.archive import read_archive
from app.formats.claims import claims_of
from app.formats.ofd.coverage import coverages
from app.formats.ofd.invoice import read_invoice
from app.formats.ofd.metadata import find_elements, license_words
from app.formats.ofd.package import OFD_ENTRIES_XML, OFD_XML, read_package
from app.formats.ofd.tags import read_tags
from app.formats.photo.header import is_picture

_ZIP = b"PK\x03\x04"
_NAMES = (OFD_XML.encode(), OFD_ENTRIES_XML.encode())
MAX_PICTURES = 4
"""Looked at in a file that is nothing but pictures; a license has a page or two."""

_BARE = "a bare signature value: no certificate says whose it is"


@dataclass(frozen=True, slots=True)
class Ofd:
    """The reader of OFD licenses (GB/T 33190, GB/T 36905)."""

    name: LicenseFormat = LicenseFormat.OFD

    def recognises(self, content: bytes) -> bool:
        """A ZIP in which the name of OFD.xml, or of its list of entries, stands anywhere: members'
        names are not compressed. A Word file or a package of others is none; what
        else is odd is for `parse` to refuse. Sought from the end, where the directory is.
        """
        return content.startswith(_ZIP) and any(content.rfind(name) > 0 for name in _NAMES)

    def parse(self, content: bytes) -> ParsedLicense:
        """Structure, seals, elements. Raises `Malformed`."""
        package = read_package(read_archive(content))
        sealings = _sealings(package)
        covered = [frozenset(s.coverage.covered) for s in sealings]
        tags = read_tags(package)
        elements = find_elements(package, tags)
        claims, covers = claims_of(elements, covered)
        bare = not package.signatures and not claims.values()
        return ParsedLicense(
            format=self.name,
            claims=claims,
            signatures=(),
            package=package,
            sealings=tuple(
                replace(sealing, covers=found, covers_copy=terms)
                for sealing, (found, terms) in zip(sealings, covers, strict=True)
            ),
            pictures=_pictures(package) if bare else (),
            license_words=license_words(elements),
            invoice=read_invoice(package, tags),
        )


def _pictures(package: OfdPackage) -> tuple[bytes, ...]:
    """Members some reference leads to that are pictures by their own octets."""
    members = (package.members.get(name, b"") for name in sorted(package.reachable))
    return tuple(islice((data for data in members if is_picture(data)), MAX_PICTURES))


def _sealings(package: OfdPackage) -> list[Sealing]:
    return [_sealing(package, index, coverage) for index, coverage in enumerate(coverages(package))]


def _sealing(package: OfdPackage, index: int, coverage: Coverage) -> Sealing:
    """One entry of the list; a value that cannot be read is a fact about that signature."""
    entry = package.signatures[index]
    found = read_value(entry.signed_value)
    return Sealing(
        label=f"{entry.body}:{entry.id}",
        entry=entry,
        signature=found.signature,
        cms=found.cms,
        form=found.form,
        problem=found.problem,
        beyond=found.beyond,
        coverage=coverage,
        covers=frozenset(),
    )


@dataclass(frozen=True, slots=True)
class SignedValue:
    """What SignedValue.dat was found to hold; the words are those of `Sealing`."""

    form: ValueForm
    signature: SealSignature | None = None
    cms: CmsSignature | None = None
    problem: str = ""
    beyond: bool = False


def read_value(value: bytes | None) -> SignedValue:
    """By its own octets, once; never raises."""
    if value is None:
        return SignedValue(ValueForm.OTHER, problem="the signed value is missing")
    form = form_of(value)
    try:
        match form:
            case ValueForm.CMS:
                return SignedValue(form, cms=read_cms(value))
            case ValueForm.BARE:
                return SignedValue(form, problem=_BARE)
            case ValueForm.SEAL | ValueForm.OTHER:
                return SignedValue(form, signature=read_seal_signature(value))
            case _:
                assert_never(form)
    except Malformed as exc:
        return SignedValue(form, problem=str(exc), beyond=isinstance(exc, BeyondLimits))
