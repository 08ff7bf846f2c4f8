"""The signatures of an OFD from its signature parts, and digests of all others."""

from dataclasses import replace

from app.crypto.digests import digest, same
from app.domain.digested import OfdParts, StatedDigests
from app.domain.errors import Refused
from app.domain.license import Claims, LicenseFormat, ParsedLicense, Sealing
from app.domain.ofd import Coverage, OfdPackage, Reference, SignatureEntry
from app.domain.scheme import WEAK_DIGESTS, Digest
from app.formats.archive import Archive
from app.formats.ofd.coverage import NO_DIGESTS
from app.formats.ofd.license import read_value
from app.formats.ofd.package import MAX_BODIES
from app.formats.ofd.signatures import read_signature_list
from app.formats.ofd.walk import BadPackage, PackageRule, Walk, refuse

PARTS, LISTS = "digests.parts", "digests.signature_lists"
"""Fields of what was sent, to be named where they are to be mended."""


def read_ofd_parts(parts: OfdParts, stated: Claims) -> ParsedLicense:
    """Every signature that the lists name, with the coverage that the stated digests amount to.

    Raises:
        BadMarkup: a list or a Signature.xml cannot be read exactly.
        BadPackage: they contradict themselves.
        Refused: what a list names was not sent.
    """
    if len(parts.lists) > MAX_BODIES:
        refuse(PackageRule.TOO_MANY_BODIES, f"over {MAX_BODIES} signature lists")
    walk = Walk(_archive(parts))
    entries: list[SignatureEntry] = []
    for body, part in enumerate(parts.lists):
        if part not in parts.sent:
            raise Refused(LISTS, "names a part without its content; send that of each list")
        entries += (_seen(entry, parts) for entry in _listed(walk, part, body))
    package = OfdPackage(
        members=walk.members,
        encrypted=False,
        bodies=(),
        signatures=tuple(entries),
        reachable={},
        unreferenced=(),
        dangling=tuple(walk.dangling),
        texts=(),
        attachments=(),
        annotations=(),
        integrity=None,
        deviations=frozenset(walk.deviations),
    )
    return ParsedLicense(
        format=LicenseFormat.OFD,
        claims=stated,
        signatures=(),
        package=package,
        sealings=tuple(_sealing(entry, parts) for entry in entries),
        digested=True,
    )


def _archive(parts: OfdParts) -> Archive:
    """The names of all members, and the octets of those that were sent."""
    members = dict.fromkeys(parts.stated, b"") | dict(parts.sent)
    return Archive(members=members, folders=(), deviations=frozenset(), inflated=0)


def _listed(walk: Walk, part: str, body: int) -> list[SignatureEntry]:
    try:
        return read_signature_list(walk, part, body)[0]
    except BadPackage as exc:
        if exc.rule is PackageRule.SIGNATURE_MISSING:
            raise Refused(PARTS, "a list names a signature that is none of the parts") from None
        raise


def _seen(entry: SignatureEntry, parts: OfdParts) -> SignatureEntry:
    """Its own parts have to be there as octets: of nothing, or of a digest, nothing is read."""
    if entry.part not in parts.sent:
        raise Refused(PARTS, "a Signature.xml without its content; send the octets of each")
    if entry.signed_value_part is not None and entry.signed_value_part not in parts.sent:
        raise Refused(PARTS, "a signed value without its content; send the octets of each")
    return entry


def _sealing(entry: SignatureEntry, parts: OfdParts) -> Sealing:
    found = read_value(entry.signed_value)
    seal = found.signature.seal.raw if found.signature else None
    return Sealing(
        label=f"{entry.body}:{entry.id}",
        entry=_with_seal(entry, seal, parts),
        signature=found.signature,
        cms=found.cms,
        form=found.form,
        problem=found.problem,
        beyond=found.beyond,
        coverage=stated_coverage(entry, parts),
        covers=frozenset(),
    )


def _with_seal(entry: SignatureEntry, seal: bytes | None, parts: OfdParts) -> SignatureEntry:
    """Seal.esl is known by its digests; where they are those of the seal in the value, it is it."""
    stated = parts.stated.get(entry.seal_part or "")
    if stated is None or seal is None:
        return entry
    agree = all(same(digest(name, seal), value) for name, value in stated.by.items())
    return replace(entry, seal=seal if agree else b"")


def stated_coverage(entry: SignatureEntry, parts: OfdParts) -> Coverage:
    """As `coverage_of`, by the caller's account of the parts. What no reference of this signature
    leads to may be anything, so that it is called neither uncovered nor unreferenced.
    """
    usable = entry.digest if entry.digest not in WEAK_DIGESTS else None
    met: dict[str, set[str]] = {"covered": set(), "changed": set(), "unchecked": set()}
    missing: list[Reference] = []
    for reference in entry.references:
        if reference.part is None:
            missing.append(reference)
            continue
        stated = None if usable is None else _digest(reference.part, usable, parts)
        if stated is None:
            met["unchecked"].add(reference.part)
        else:
            agrees = same(stated, reference.check_value)
            met["covered" if agrees else "changed"].add(reference.part)
    own = {entry.part, entry.signed_value_part, entry.seal_part}
    names = (*parts.stated, *parts.sent)
    return Coverage(
        signature=entry.id,
        body=entry.body,
        digest=entry.digest,
        weak=entry.digest in WEAK_DIGESTS or (entry.check_method or "").lower() in NO_DIGESTS,
        covered=tuple(name for name in names if name in met["covered"]),
        changed=tuple(name for name in names if name in met["changed"]),
        unchecked=tuple(name for name in names if name in met["unchecked"]),
        missing=tuple(missing),
        own=tuple(name for name in names if name in own),
        uncovered={},
        unreferenced=(),
    )


def _digest(part: str, name: Digest, parts: OfdParts) -> bytes | None:
    """Computed where the octets are here, else as stated; None: not stated by this algorithm."""
    if part in parts.sent:
        return digest(name, parts.sent[part])
    return parts.stated.get(part, StatedDigests({})).by.get(name)
