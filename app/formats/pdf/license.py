"""A PDF as a license: its signatures and seals read, its elements chosen, what covers which.

Elements come from the document information and from form fields, under the names of GB/T 36903.
What stands on a page is not read: that would mean to render it. Without an identifier nobody can
be asked, so such a document is never more than in doubt.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.crypto.cms import read_cms
from app.crypto.ses import form_of, read_seal_signature
from app.domain.cms import CmsContent, CmsSignature
from app.domain.errors import BeyondLimits, Encrypted, Malformed
from app.domain.license import LicenseFormat, ParsedLicense, PdfSealing
from app.domain.pdf import Change, DocumentTimestamp, PdfDocument, PdfSignature, Scope
from app.domain.seal import SealSignature, ValueForm
from app.formats.claims import claims_of
from app.formats.ofd.metadata import FoundElement, FoundIn, found_elements, license_words
from app.formats.pdf.active import active_content
from app.formats.pdf.contents import signature_value
from app.formats.pdf.images import images
from app.formats.pdf.objects import Name, Text, Value
from app.formats.pdf.reader import HEADER, PdfFile, View
from app.formats.pdf.readings import one_reading
from app.formats.pdf.signatures import Signed, fields, read_pdf_date, signatures
from app.formats.pdf.updates import Updates

INFORMATION, FORM = "Info", "AcroForm"
"""Where an element can stand."""
_DETACHED = frozenset({"adbe.pkcs7.detached", "ETSI.CAdES.detached"})
_SHA1_ONLY = frozenset({"adbe.pkcs7.sha1", "adbe.x509.rsa_sha1"})
_GM = "gm."
"""GM.sm2seal and its kin: what it holds is told by its own octets."""
_MAX_VALUE = 1024
"""Octets of an element's text."""
HYBRID = "hybrid_references"


@dataclass(frozen=True, slots=True)
class Pdf:
    """The reader of PDF licenses (ISO 32000-2)."""

    name: LicenseFormat = LicenseFormat.PDF

    def recognises(self, content: bytes) -> bool:
        """By the first octets: what begins with anything else is read by nobody as one (PDF-11)."""
        return content.startswith(HEADER)

    def parse(self, content: bytes) -> ParsedLicense:
        """Structure, signatures, elements. Raises `Malformed`."""
        file = PdfFile.read(content)
        view = file.at(len(file.sections) - 1)
        if any("Encrypt" in section.trailer for section in file.sections):
            raise Encrypted("PDF: encrypted")
        active = active_content(view)
        sealings = _sealings(file, signatures(file))
        clean = [each.entry.revision or 1 for each in sealings if _clean(each)]
        if clean:  # else it fails, and by a better word
            one_reading(file, view, min(clean) - 1)
        places = frozenset({INFORMATION, FORM})
        covered = [places if _clean(each) else frozenset[str]() for each in sealings]
        elements = tuple(_elements(view))
        claims, covers = claims_of(elements, covered)
        bare = not sealings and not claims.values()
        return ParsedLicense(
            format=self.name,
            claims=claims,
            signatures=(),
            sealings=tuple(
                replace(sealing, covers=found, covers_copy=terms)
                for sealing, (found, terms) in zip(sealings, covers, strict=True)
            ),
            pdf=PdfDocument(
                revisions=len(file.sections),
                encrypted=False,
                active=active,
                deviations=frozenset({HYBRID} if any(s.hybrid for s in file.sections) else ()),
            ),
            pictures=images(view) if bare else (),
            license_words=license_words(elements),
        )


def _clean(sealing: PdfSealing) -> bool:
    return sealing.entry.scope is Scope.EXACT and not sealing.entry.changes


def _sealings(file: PdfFile, found: tuple[Signed, ...]) -> list[PdfSealing]:
    stamps = [(each.end, _stamp(each)) for each in found if each.document_timestamp]
    updates = Updates(file)
    return [
        _sealing(
            (file, updates),
            each,
            f"pdf:{place}",
            tuple(stamp for end, stamp in stamps if end > each.end),
        )
        for place, each in enumerate((f for f in found if not f.document_timestamp), 1)
    ]


def _stamp(signed: Signed) -> DocumentTimestamp:
    value, _ = _value(signed)
    return DocumentTimestamp(value or b"", signed.content, signed.scope is Scope.EXACT)


def _value(signed: Signed) -> tuple[bytes | None, str]:
    """(the value, why there is none)."""
    contents = signed.dictionary.get("Contents")
    if not isinstance(contents, Text):
        return None, "Contents: no string"
    try:
        return signature_value(contents.value), ""
    except Malformed as exc:
        return None, str(exc)


def _sealing(
    read_from: tuple[PdfFile, Updates],
    signed: Signed,
    label: str,
    stamps: tuple[DocumentTimestamp, ...],
) -> PdfSealing:
    file, updates = read_from
    value, problem = _value(signed)
    changes: tuple[Change, ...] = ()
    if signed.index is not None:
        changes = updates.since(signed.index, signed.end, last=signed.last)
    entry = PdfSignature(
        filter=_name(signed.dictionary.get("Filter")),
        sub_filter=_name(signed.dictionary.get("SubFilter")),
        scope=signed.scope,
        content=signed.content,
        value=value,
        problem=problem,
        signed_at=read_pdf_date(signed.dictionary.get("M")),
        revision=None if signed.index is None else signed.index + 1,
        changes=changes,
    )
    read = ReadContents() if value is None else read_contents(value, entry.sub_filter or "")
    return PdfSealing(
        label=label,
        entry=entry,
        signature=read.seal,
        cms=read.cms,
        form=read.form,
        problem=problem or read.problem,
        unsupported=read.unsupported,
        beyond=read.beyond,
        revisions=len(file.sections),
        weak=read.weak,
        stamps=stamps,
        covers=frozenset(),
    )


@dataclass(frozen=True, slots=True)
class ReadContents:
    """What a value turned out to be."""

    form: ValueForm = ValueForm.OTHER
    seal: SealSignature | None = None
    cms: CmsSignature | None = None
    problem: str = ""
    unsupported: bool = False
    beyond: bool = False
    weak: bool = False


def read_contents(value: bytes, sub_filter: str) -> ReadContents:
    """/Contents by its own octets; SubFilter says what it must be, or that nobody here knows it.

    A seal signature describes itself, so it is read under whatever name a vendor gives it.
    """
    form = form_of(value)
    known = sub_filter in _DETACHED or sub_filter.lower().startswith(_GM)
    try:
        if form is ValueForm.SEAL and sub_filter not in _DETACHED | _SHA1_ONLY:
            return ReadContents(form, seal=read_seal_signature(value))
        if sub_filter in _SHA1_ONLY:
            return ReadContents(
                form, problem=f"SubFilter {sub_filter}: signs a SHA-1 digest", weak=True
            )
        if not known:
            return ReadContents(
                form, problem="SubFilter: not one that is read here", unsupported=True
            )
        if form is not ValueForm.CMS:
            return ReadContents(form, problem="Contents: not what SubFilter says")
        cms = read_cms(value)
    except Malformed as exc:
        return ReadContents(form, problem=str(exc), beyond=isinstance(exc, BeyondLimits))
    if cms.form is not CmsContent.DETACHED:
        return ReadContents(form, problem="Contents: SignedData with content of its own in a PDF")
    return ReadContents(form, cms=cms)


# ---- elements


def _elements(view: View) -> Iterator[FoundElement]:
    """What the document says about itself under names of GB/T 36903."""
    for key, value in view.dictionary(view.trailer.get("Info")).items():
        yield from _found(_named(key), view.resolve(value), INFORMATION)
    for each in fields(view):
        if each.type == "Sig":  # its value is a signature
            continue
        name = _decoded(each.name.rsplit(b".", 1)[-1])
        yield from _found(name, view.resolve(each.value), FORM)


def _found(name: str, value: Value, source: str) -> Iterator[FoundElement]:
    if isinstance(value, Text) and len(value.value) <= _MAX_VALUE:
        yield from found_elements(name, _decoded(value.value), (source,), FoundIn.CUSTOM_DATA)


def _named(key: str) -> str:
    """A name's octets are UTF-8 by convention (§7.3.5)."""
    try:
        return key.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return key


def _decoded(octets: bytes) -> str:
    """A text string (§7.9.2.2); what cannot be decoded is nobody's element."""
    try:
        if octets.startswith(b"\xfe\xff"):
            return octets[2:].decode("utf-16-be")
        if octets.startswith(b"\xef\xbb\xbf"):
            return octets[3:].decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return octets.decode("latin-1")


def _name(value: Value) -> str | None:
    return value.value if isinstance(value, Name) else None
