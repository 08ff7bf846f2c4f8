"""A proposal in words, for whoever has to decide on it. Pure."""

from collections.abc import Mapping
from typing import Any

from app.registry.making.changes import apply, words
from app.registry.making.proposals import Proposal, State


def in_words(proposal: Proposal, sections: Mapping[str, Any]) -> list[str]:
    """Who, when, what for, what others said, and each change with every member that differs.

    Args:
        proposal: as its signer signed it.
        sections: what the list says now.
    """
    said = [
        f"proposal {proposal.number} by {proposal.person} at {proposal.at}: {proposal.state}",
        f"sha256 {proposal.digest}",
        *([f"note: {proposal.note}"] if proposal.note else []),
    ]
    said += [f"{d.verdict} by {d.person} at {d.at}: {d.why}" for d in proposal.decisions]
    before = sections
    for index, change in enumerate(proposal.changes):
        said += words(change, before)
        if proposal.state is not State.PUBLISHED:
            before = apply(before, [change], place=f"changes[{index}]")
    return said
