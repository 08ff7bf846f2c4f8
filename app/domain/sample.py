"""A license that an issuer names so that its endpoint can be tried (样例证照). Nobody's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.issuer import Code
from app.domain.license import Claims


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the issuer says it will answer."""

    claims: Claims = field(repr=False)
    code: Code = Code.IN_FORCE
    digests: Mapping[str, bytes] = field(default_factory=dict)
    """Digest name → digest of a file issued for it; empty where none is given."""
