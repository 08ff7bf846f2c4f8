"""The signatures of a PDF from their values, and digests of what they are about.

What a signature dictionary says outside its value (the time of /M, who made it) is under the
signature of octets that are not here, so that it is not taken from the caller.
"""

from app.domain.digested import PdfParts, PdfSigned
from app.domain.errors import BeyondLimits, Malformed
from app.domain.license import Claims, LicenseFormat, ParsedLicense, PdfSealing
from app.domain.pdf import PdfDocument, PdfSignature, Scope
from app.formats.pdf.contents import signature_value
from app.formats.pdf.license import ReadContents, read_contents
from app.formats.pdf.signatures import MAX_SIGNATURES

_RANGE = 4


def read_pdf_parts(parts: PdfParts, stated: Claims) -> ParsedLicense:
    """Every signature that was sent. Raises `BeyondLimits`."""
    if len(parts.signatures) > MAX_SIGNATURES:
        raise BeyondLimits(f"PDF: more than {MAX_SIGNATURES} signatures")
    return ParsedLicense(
        format=LicenseFormat.PDF,
        claims=stated,
        signatures=(),
        sealings=tuple(
            _sealing(signed, f"pdf:{place}", parts.length)
            for place, signed in enumerate(parts.signatures, 1)
        ),
        pdf=PdfDocument(revisions=0, encrypted=False, active=(), deviations=frozenset()),
        digested=True,
    )


def _sealing(signed: PdfSigned, label: str, length: int) -> PdfSealing:
    value, problem = None, ""
    try:
        value = signature_value(signed.contents)
    except Malformed as exc:
        problem = str(exc)
    read = ReadContents() if value is None else read_contents(value, signed.sub_filter)
    return PdfSealing(
        label=label,
        entry=PdfSignature(
            filter=None,
            sub_filter=signed.sub_filter,
            scope=stated_scope(signed, length),
            content=signed.stated,
            value=value,
            problem=problem,
            signed_at=None,
            revision=None,
            changes=(),
        ),
        signature=read.seal,
        cms=read.cms,
        form=read.form,
        problem=problem or read.problem,
        unsupported=read.unsupported,
        beyond=read.beyond,
        revisions=0,
        weak=read.weak,
        covers=frozenset(),
    )


def stated_scope(signed: PdfSigned, length: int) -> Scope:
    """What can be said against a /ByteRange without the file: numbers that leave out too little
    for the value, or that do not end where a file of this length can.
    """
    if len(signed.byte_range) != _RANGE or min(signed.byte_range) < 0:
        return Scope.UNREADABLE
    start, first, gap_end, rest = signed.byte_range
    if start != 0:
        return Scope.NOT_FROM_START
    if not 0 < first < gap_end:
        return Scope.UNREADABLE
    if gap_end + rest > length:
        return Scope.BEYOND
    written = gap_end - first  # the string in hexadecimal, and its two brackets
    return Scope.EXACT if written >= 2 * len(signed.contents) + 2 else Scope.GAP
