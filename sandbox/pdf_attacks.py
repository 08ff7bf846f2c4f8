"""Named attacks on signed PDF files, each with the word it must fail with and its genuine twin.

`PDF_ATTACKS["isa_content"].make(world)` is the forgery, `.twin(world)` the file it was made from.
`PDF_TOLERATED` are files that look odd and must stay valid. Threats are PDF-01…PDF-12.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from sandbox import (
    pdf_attacks_certified,
    pdf_attacks_document,
    pdf_attacks_joint,
    pdf_attacks_later,
    pdf_attacks_range,
    pdf_attacks_readings,
    pdf_attacks_unseen,
    pdf_tolerated,
)
from sandbox.pdf_forging import PdfAttack


def _named(attacks: Iterator[PdfAttack]) -> Mapping[str, PdfAttack]:
    found: dict[str, PdfAttack] = {}
    for attack in attacks:
        if attack.name in found:
            raise ValueError(f"two attacks are called {attack.name}")
        found[attack.name] = attack
    return MappingProxyType(found)


_FAMILIES = (
    pdf_attacks_range,
    pdf_attacks_later,
    pdf_attacks_document,
    pdf_attacks_certified,
    pdf_attacks_readings,
    pdf_attacks_unseen,
    pdf_attacks_joint,
)
PDF_ATTACKS = _named(attack for family in _FAMILIES for attack in family.attacks())
"""Name → attack."""
PDF_TOLERATED = _named(
    file for family in (pdf_tolerated.files, pdf_attacks_joint.tolerated) for file in family()
)
"""Name → a file that is odd and valid."""
