"""The package around the signatures, and what each of them covers of it, fit to be kept."""

import re
from collections.abc import Iterable

from app.domain.ofd import Coverage, OfdPackage
from app.domain.sealed import CoverageFacts, PackageFacts

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


def package_facts(package: OfdPackage) -> PackageFacts:
    """What the package is, whoever signed it."""
    ambiguous = len(package.bodies) > 1 or any(body.is_ambiguous for body in package.bodies)
    return PackageFacts(
        encrypted=package.encrypted,
        bodies=len(package.bodies),
        ambiguous=ambiguous,
        hidden=_Names(package.members).of(package.unreferenced),
        deviations=frozenset(deviation.value for deviation in package.deviations),
    )


class _Names:
    """Names of parts fit to be kept. One that may be a person's words is told by its place among
    all such names, in the order of the alphabet: the same part is the same in every list.
    """

    def __init__(self, parts: Iterable[str]) -> None:
        free = sorted(part for part in parts if not is_structural(part))
        self._places = {part: f"#{place}" for place, part in enumerate(free, 1)}

    def of(self, parts: Iterable[str]) -> tuple[str, ...]:
        return tuple(self._places.get(part, part) for part in parts)
