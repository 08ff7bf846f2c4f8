"""Who has to have sealed a document that is no license: a contract, an invoice, a proof."""

from dataclasses import dataclass

MAX_SIGNERS = 16
"""Organisations one document may be expected to be sealed by."""


@dataclass(frozen=True, slots=True)
class Signers:
    """谁签章（签名）、谁核验: the caller says whose seals it expects, or that any will do."""

    expected: frozenset[str] = frozenset()
    """统一社会信用代码; each has to have sealed, and no other organisation may have."""
    anyone: bool = False
    """Whoever sealed it: the report says who, and the reader judges whether it is the right one."""

    def __post_init__(self) -> None:
        if bool(self.expected) == self.anyone:
            raise ValueError("expected signers, or any signer: one of the two")
        if len(self.expected) > MAX_SIGNERS:
            raise ValueError(f"more than {MAX_SIGNERS} expected signers")


ANY_SIGNER = Signers(anyone=True)
WHOSE_SEALS = (
    "a sealed document that is no license: send the organisation codes of those who have to have "
    "sealed it, or any_signer=true to be told who did"
)
"""What a caller is asked who said neither."""
