"""Words for people about a seal whose authority this service was never told to trust.

Four things, in this order: what mathematics says, what the certificate says of itself (its own
claim, and labelled so), whom this service would have to trust, and what to do next. Names are
cleaned by whoever prints them.
"""

from dataclasses import dataclass
from typing import Final, Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class UnknownAuthority:
    """Of one certificate."""

    intact: bool
    """Content, signature and seal fit one another."""
    names_itself: str
    """The certificate's subject."""
    names_authority: str
    """Its issuer."""
    sha256: str
    """Of the certificate, so that nobody has to go by names."""


_WORDS: Final = {
    "zh": {
        "intact": "数学上完好：内容、签名与印章相互吻合，签章之后未被改动。",
        "not_intact": "数学上并不完好：请看上面未通过的检查项。这与信任无关，登记谁都无济于事。",
        "itself": "它自称（仅为其自称，未经证实）：{}",
        "told": "本服务未被告知信任：{}",
        "mark": "证书指纹 sha256 {}",
        "next": (
            "下一步：直接向该发证机构索取其 CA 证书（不要用随文件送来的），通过电话或其官网等另一"
            "渠道核对指纹；由一人提议（zhengyan trust learn 文件 --issuer-certificate CA证书 "
            "--propose …）、另一人批准后再核验。在此之前既不能说它真，也不能说它假。"
        ),
        "next_not_intact": "下一步：请持证人重新提供原件，并向颁发机构核实。",
    },
    "en": {
        "intact": (
            "Mathematically intact: content, signature and seal fit one another; nothing was "
            "changed after sealing."
        ),
        "not_intact": (
            "Mathematically not intact: see the failed checks above. That has nothing to do with "
            "trust; no registration would mend it."
        ),
        "itself": "It names itself (its own claim, unproven): {}",
        "told": "This service has not been told to trust: {}",
        "mark": "certificate sha256 {}",
        "next": (
            "Next step: get the authority's CA certificate from the authority itself (not from "
            "whoever brought the file), compare its fingerprint over another channel, such as a "
            "telephone call; let one person propose it (zhengyan trust learn FILE "
            "--issuer-certificate CA --propose …) and another approve it, and verify again. Until "
            "then it can be called neither genuine nor forged."
        ),
        "next_not_intact": "Next step: ask for the original again, and ask the issuer about it.",
    },
}


def unknown_authority(found: UnknownAuthority, language: Language) -> list[str]:
    """Lines of plain text."""
    words = _WORDS[language]
    state = "" if found.intact else "not_"
    return [
        words[f"{state}intact"],
        words["itself"].format(found.names_itself),
        words["told"].format(found.names_authority),
        words["mark"].format(found.sha256),
        words["next" if found.intact else "next_not_intact"],
    ]
