"""How a seal looks: told, never decisive. What is signed is signed, whatever is drawn (OFD-25)."""

from collections.abc import Iterator

from app.checks.base import Check, passed, silent, unsure
from app.checks.roles import about, signer_known
from app.domain.evidence import CheckName, Evidence, Role
from app.domain.facts import Facts
from app.domain.reasons import Reason
from app.domain.sealed import StampFacts


def _plain(facts: Facts) -> Iterator[Evidence]:
    name, why = CheckName.STAMP_PLAIN, Reason.APPEARANCE_SUSPICIOUS
    for s in facts.document.signatures:
        stamps, by = s.sealed.stamps if s.sealed else None, about(s, facts)
        if s.sealed is None or stamps is None:
            yield silent(name, by)
        elif s.sealed.seal is None:
            yield unsure(name, why, by, "the picture of a seal, drawn by a signature without one")
        elif by.role is Role.EXTRA and not signer_known(s, facts):  # a seal of anybody's making
            detail = f"drawn by a seal that nobody here vouches for: {_told(stamps)}"
            yield unsure(name, why, by, detail)
        elif stamps.unseen:
            yield unsure(name, why, by, f"{stamps.unseen} of {stamps.count} not seen")
        else:
            yield passed(name, by, _told(stamps))


def _told(stamps: StampFacts) -> str:
    """How many, where, and what a reader would want to compare with the page."""
    clipped = f", {stamps.clipped} in part (骑缝)" if stamps.clipped else ""
    resized = f", {stamps.resized} at another size than the seal's" if stamps.resized else ""
    edges = " and ".join(stamps.over)
    over = f", over the {edges} edge of its page" if edges else ""
    return f"{stamps.count} on {stamps.pages} pages{clipped}{resized}{over}"


STAMP_PLAIN = Check(
    CheckName.STAMP_PLAIN,
    "Is the picture of a seal that of a seal, and in sight?",
    "所显示的印章图形是否出自印章并且可见？",
    _plain,
)
