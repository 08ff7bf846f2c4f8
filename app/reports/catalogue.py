"""The catalogue of reasons: one entry each, complete, or this module cannot be imported.

GB/T 36906 codes: 证照信息验证 0-7 and 证照文件验证 0-2; every indeterminate outcome is `transport`,
and 0 stands for valid alone. Where the license itself is not said to be wrong or ended (a copy or
a presentation has run out), the information code is 4, 信息不全无法验证: nothing was confirmed.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from app.domain.reasons import Family, Reason
from app.domain.verdict import Conclusion, Subject
from app.reports.entry import INDICATION, TRANSPORT, Entry, GbCode, Indication
from app.reports.texts_dependency import DEPENDENCY
from app.reports.texts_input import INPUT
from app.reports.texts_issuer import ISSUER_WORDS
from app.reports.texts_license import LICENSE_WORDS
from app.reports.texts_pdf import PDF
from app.reports.texts_photo import PHOTO
from app.reports.texts_seal import SEAL
from app.reports.texts_sealed_document import SEALED_DOCUMENT
from app.reports.texts_signature import SIGNATURE
from app.reports.texts_trust import TRUST

__all__ = ["CATALOGUE", "codes", "entry_of"]


def assemble(*parts: Mapping[Reason, Entry]) -> Mapping[Reason, Entry]:
    """All entries in the order of `Reason`.

    Raises:
        ValueError: a reason without an entry or with two, or one whose family forbids its entry.
    """
    entries: dict[Reason, Entry] = {}
    for part in parts:
        if twice := entries.keys() & part.keys():
            raise ValueError(f"told twice: {sorted(twice)}")
        entries.update(part)
    if missing := set(Reason) - entries.keys():
        raise ValueError(f"reasons without an entry: {sorted(missing)}")
    for reason, entry in entries.items():
        outage = reason.family is Family.DEPENDENCY
        if outage and entry.decides is not Conclusion.INDETERMINATE:
            raise ValueError(f"{reason}: an outage leaves the matter open")
        if outage != (entry.retry_after is not None):
            raise ValueError(f"{reason}: an outage says when to ask again, and nothing else does")
    return MappingProxyType({reason: entries[reason] for reason in Reason})


CATALOGUE: Final = assemble(
    INPUT,
    PHOTO,
    SIGNATURE,
    SEAL,
    SEALED_DOCUMENT,
    PDF,
    TRUST,
    LICENSE_WORDS,
    ISSUER_WORDS,
    DEPENDENCY,
)


def entry_of(reason: Reason) -> Entry:
    """What the catalogue says of a reason; there is none without."""
    return CATALOGUE[reason]


def codes(
    conclusion: Conclusion, reason: Reason | None, subject: Subject
) -> tuple[Indication, str | None, GbCode | None, GbCode | None]:
    """Indication, sub-indication, information code and file code of a verdict.

    The file code is None where no file was shown, the information code where it is about a seal:
    0 would tell an old caller that a license is in force.

    Raises:
        ValueError: a reason that decides another conclusion than this.
    """
    info: GbCode = 0
    file: GbCode = 0
    sub = None
    if reason is not None:
        entry = entry_of(reason)
        sub = str(entry.sub)
        info, file = entry.info_code, entry.file_code
        if conclusion is Conclusion.INVALID and info == TRANSPORT:
            raise ValueError(f"{reason} never decides {conclusion}")
        if conclusion is Conclusion.INDETERMINATE:
            info = file = TRANSPORT
    of_file = None if subject is Subject.RECORD else file
    of_license = None if subject is Subject.SEAL else info
    return INDICATION[conclusion], sub, of_license, of_file
