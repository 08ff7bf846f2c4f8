"""The package around the signatures, and what each of them covers of it, fit to be kept."""

import re
from collections import Counter
from collections.abc import Iterable

from app.checks.arithmetic import arithmetic
from app.crypto.cms import content_agrees, read_cms, verify_cms
from app.domain.errors import Malformed
from app.domain.license import Sealing
from app.domain.ofd import SIGNING_KINDS, Coverage, IntegrityList, OfdPackage, PartKind
from app.domain.sealed import Arithmetic, CoverageFacts, IntegrityFacts, PackageFacts

_BY_SIGNING = SIGNING_KINDS | {PartKind.SEAL_IMAGE}
"""Added by those who sign after the list was made; what they show is told by their signatures."""
_OF_A_SEAL = frozenset({PartKind.SEAL, PartKind.SEAL_IMAGE})
_STRUCTURAL = re.compile(r"[A-Za-z0-9_./-]{1,160}\Z")
"""Names of parts that producers choose by rule; any other may be a person's words."""


def is_structural(name: str) -> bool:
    return _STRUCTURAL.match(name) is not None


def coverage_facts(coverage: Coverage) -> CoverageFacts:
    """The same, with names that may be a person's words replaced by their place."""
    names = _Names(coverage.parts)
    return CoverageFacts(
        digest=coverage.digest,
        weak=coverage.weak,
        covered=len(coverage.covered),
        changed=names.of(coverage.changed),
        unchecked=names.of(coverage.unchecked),
        missing=len(coverage.missing),
        uncovered={kind: names.of(parts) for kind, parts in coverage.uncovered.items()},
        unreferenced=names.of(coverage.unreferenced),
    )


def package_facts(package: OfdPackage, sealings: Iterable[Sealing] = ()) -> PackageFacts:
    """What the package is, whoever signed it. `sealings`: its signatures, with their values."""
    ambiguous = len(package.bodies) > 1 or any(body.is_ambiguous for body in package.bodies)
    return PackageFacts(
        encrypted=package.encrypted,
        bodies=len(package.bodies),
        ambiguous=ambiguous,
        hidden=_Names(package.members).of(package.unreferenced),
        deviations=frozenset(deviation.value for deviation in package.deviations),
        astray=dict(Counter(gap.kind for gap in package.dangling)),
        dropped=_dropped(package),
        integrity=_integrity(package),
        brought=_Names(package.members).of(_brought(package, sealings)),
    )


def _brought(package: OfdPackage, sealings: Iterable[Sealing]) -> list[str]:
    """Parts that are there as a seal and are not the seal that was used, nor its file at all."""
    used = {
        sealing.entry.seal_part
        for sealing in sealings
        if sealing.signature is not None and sealing.entry.seal == sealing.signature.seal.raw
    }
    return [
        part
        for part in package.members
        if package.reachable.get(part) in _OF_A_SEAL and part not in used
    ]


def _dropped(package: OfdPackage) -> int:
    there = {(entry.body, entry.id) for entry in package.signatures}
    built_on = {(entry.body, entry.relative) for entry in package.signatures if entry.relative}
    return len(built_on - there)


def _integrity(package: OfdPackage) -> IntegrityFacts | None:
    listed = package.integrity
    if listed is None:
        return None
    known = {*listed.files, listed.part, listed.signed_value_part}
    unlisted = (
        part
        for part in package.members
        if part not in known and package.reachable.get(part) not in _BY_SIGNING
    )
    return IntegrityFacts(
        unlisted=_Names(package.members).of(unlisted),
        missing=listed.missing,
        broken=_broken(listed),
    )


def _broken(listed: IntegrityList) -> bool:
    """GB/T 35275 (7.4.2). Of another kind, or without a certificate, it says nothing either way."""
    try:
        cms = read_cms(listed.signed_value or b"")
        if cms.certificate is None:
            return False
    except Malformed:
        return False
    found, _, _ = arithmetic(lambda: verify_cms(cms, listed.content))
    return found is Arithmetic.FAILS or not content_agrees(cms, listed.content)


class _Names:
    """Names of parts fit to be kept. One that may be a person's words is told by its place among
    all such names, in the order of the alphabet: the same part is the same in every list.
    """

    def __init__(self, parts: Iterable[str]) -> None:
        free = sorted(part for part in parts if not is_structural(part))
        self._places = {part: f"#{place}" for place, part in enumerate(free, 1)}

    def of(self, parts: Iterable[str]) -> tuple[str, ...]:
        return tuple(self._places.get(part, part) for part in parts)
