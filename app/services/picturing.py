"""A page as a picture, marked by what a verification of the same file found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from app.crypto.digests import digest
from app.domain.errors import ServiceError
from app.domain.evidence import CheckName, Outcome, Role
from app.domain.license import LicenseFormat
from app.domain.picture import Picture, SealMark
from app.domain.scheme import Digest
from app.formats import detect
from app.formats.ofd.picture import read_pages
from app.services.aside import Aside

_VOUCHED: Final = frozenset({Role.ISSUER, Role.COPIER, Role.COUNTERSIGNER})
"""Whose seal may look like one; that of a stranger proves nothing about this license."""
_IN_USE: Final = {Outcome.PASSED: SealMark.SOUND, Outcome.FAILED: SealMark.BROKEN}


class NoPicture(ServiceError):
    """There is nothing to draw; says what of the request would have to change."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture, and how many pages there are."""

    picture: Picture
    pages: int
    judged: bool
    """Whether a verification was at hand; else every seal is marked as not verified."""


async def draw(
    content: bytes, page: int, report: Mapping[str, Any] | None = None, *, aside: Aside
) -> Drawn:
    """One page, off the event loop.

    Args:
        content: an OFD file.
        page: from 1.
        report: of a verification of this very file.
        aside: where it is read.

    Raises:
        NoPicture: another format, another file than the report's, or no such page.
        Malformed: it cannot be read.
        UnrecognisedFormat: bytes of no known kind.
    """
    return await aside.run(_draw, content, page, report)


def _draw(content: bytes, page: int, report: Mapping[str, Any] | None) -> Drawn:
    if detect(content).name is not LicenseFormat.OFD:
        raise NoPicture("file", "only pages of OFD files are drawn; send one")
    if report is not None and not _same(content, report):
        raise NoPicture("verification", "its report is about another file; send that file")
    pages = read_pages(content)
    if not len(pages):
        raise NoPicture("file", "no page of it can be seen: it is encrypted, or has none")
    if not 1 <= page <= len(pages):
        raise NoPicture("page", f"the file has pages 1 to {len(pages)}; ask for one of them")
    marks = None if report is None else marks_of(report)
    return Drawn(pages.draw(page, marks), len(pages), marks is not None)


def _same(content: bytes, report: Mapping[str, Any]) -> bool:
    digests = report["digests"]
    return digests is not None and digests["sha256"] == digest(Digest.SHA256, content).hex()


def marks_of(report: Mapping[str, Any]) -> Mapping[str, SealMark]:
    """How each signature was found, by its label."""
    in_use = {
        check["subject"]: Outcome(check["outcome"])
        for block in report["blocks"].values()
        for check in block["checks"]
        if check["name"] == CheckName.SEAL_IN_USE
    }
    if len(in_use) == 1:  # of a single seal it is asked of the document
        in_use = dict.fromkeys((found["label"] for found in report["signatures"]), *in_use.values())
    return {found["label"]: _mark(found, in_use) for found in report["signatures"]}


def _mark(found: Mapping[str, Any], in_use: Mapping[str, Outcome]) -> SealMark:
    outcome, role = Outcome(found["outcome"]), Role(found["role"])
    if outcome is Outcome.FAILED:
        return SealMark.BROKEN
    if outcome is not Outcome.PASSED:
        return SealMark.DOUBTED
    if role is Role.SIGNER:  # its owner, or a list, knows whether it ended
        used = in_use.get(found["label"], Outcome.INDETERMINATE)
        return _IN_USE.get(used, SealMark.UNSETTLED)
    return SealMark.SOUND if role in _VOUCHED else SealMark.DOUBTED
