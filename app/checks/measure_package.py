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
    return CoverageFacts(
        digest=coverage.digest,
        weak=coverage.weak,
        covered=len(coverage.covered),
        changed=_names(coverage.changed),
        unchecked=_names(coverage.unchecked),
        missing=len(coverage.missing),
        uncovered={kind: _names(parts) for kind, parts in coverage.uncovered.items()},
        unreferenced=_names(coverage.unreferenced),
    )


def package_facts(package: OfdPackage) -> PackageFacts:
    """What the package is, whoever signed it."""
    ambiguous = len(package.bodies) > 1 or any(body.is_ambiguous for body in package.bodies)
    return PackageFacts(
        encrypted=package.encrypted,
        bodies=len(package.bodies),
        ambiguous=ambiguous,
        hidden=_names(package.unreferenced),
        deviations=frozenset(deviation.value for deviation in package.deviations),
    )


def _names(parts: Iterable[str]) -> tuple[str, ...]:
    return tuple(
        part if is_structural(part) else f"#{place}" for place, part in enumerate(parts, 1)
    )
