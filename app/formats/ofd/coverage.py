"""What a signature covers: references resolved, digests recomputed over the stored bytes.

A fact, not a judgement: which gaps are tolerated is the issuer profile's business (OFD-01…09).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from app.crypto.digests import digest, same
from app.domain.ofd import SIGNING_KINDS, Coverage, OfdPackage, PartKind, Reference, SignatureEntry
from app.domain.scheme import WEAK_DIGESTS, Digest

NO_DIGESTS: Final = frozenset({"crc32", "crc-32", "adler32", "adler-32", "none"})
"""CheckMethod in lower case: known to the world, and no digests of anything. Any other name that
is not known here may be one of a standard to come, which is doubt."""


class PartDigests:
    """Digests of a package's members, each computed once however many signatures ask."""

    __slots__ = ("_known", "_members", "computed")

    def __init__(self, members: Mapping[str, bytes]) -> None:
        self._members = members
        self._known: dict[tuple[Digest, str], bytes] = {}
        self.computed = 0
        """Bytes hashed so far."""

    def of(self, name: Digest, part: str) -> bytes:
        """The digest of a member as stored."""
        found = self._known.get((name, part))
        if found is None:
            content = self._members[part]
            found = self._known[name, part] = digest(name, content)
            self.computed += len(content)
        return found


def coverages(package: OfdPackage) -> tuple[Coverage, ...]:
    """The coverage of every signature, in their order."""
    digests = PartDigests(package.members)
    return tuple(coverage_of(package, index, digests) for index in range(len(package.signatures)))


def coverage_of(package: OfdPackage, index: int, digests: PartDigests | None = None) -> Coverage:
    """The coverage of one signature.

    Args:
        package: the package as read.
        index: of the signature, in `package.signatures`.
        digests: shared between the signatures of one package.
    """
    entry = package.signatures[index]
    digests = PartDigests(package.members) if digests is None else digests
    covered: set[str] = set()
    changed: set[str] = set()
    unchecked: set[str] = set()
    missing: list[Reference] = []
    usable = entry.digest if entry.digest not in WEAK_DIGESTS else None
    for reference in entry.references:
        if reference.part is None:
            missing.append(reference)
        elif usable is None:
            unchecked.add(reference.part)
        elif same(digests.of(usable, reference.part), reference.check_value):
            covered.add(reference.part)
        else:
            changed.add(reference.part)
    referenced = covered | changed | unchecked
    own = _own(package, entry) - referenced
    uncovered = _uncovered(package, referenced | own)
    return Coverage(
        signature=entry.id,
        body=entry.body,
        digest=entry.digest,
        weak=entry.digest in WEAK_DIGESTS or (entry.check_method or "").lower() in NO_DIGESTS,
        covered=_ordered(package, covered),
        changed=_ordered(package, changed),
        unchecked=_ordered(package, unchecked),
        missing=tuple(missing),
        own=_ordered(package, own),
        uncovered=uncovered,
        unreferenced=tuple(part for part in package.unreferenced if part not in referenced),
    )


def _own(package: OfdPackage, entry: SignatureEntry) -> set[str]:
    """Its own files, unless the document uses them for anything else.

    A signature that names a page as its signed value must not take that page out of the count.
    """
    parts = {entry.part, entry.signed_value_part, entry.seal_part} - {None}
    return {part for part in parts if part and package.reachable.get(part) in SIGNING_KINDS}


def _uncovered(package: OfdPackage, met: set[str]) -> Mapping[PartKind, tuple[str, ...]]:
    found: dict[PartKind, list[str]] = {}
    for part in package.members:
        kind = package.reachable.get(part)
        if kind is not None and part not in met:
            found.setdefault(kind, []).append(part)
    return MappingProxyType({kind: tuple(parts) for kind, parts in found.items()})


def _ordered(package: OfdPackage, parts: set[str]) -> tuple[str, ...]:
    return tuple(part for part in package.members if part in parts)
