"""PDF files over HTTP: a verdict with its reason, on the page's terms and never an error."""

from typing import Any

import pytest

from sandbox.pdf_attacks import PDF_ATTACKS, PDF_TOLERATED
from tests.service import VERIFICATIONS, Service


def verdict(service: Service, content: bytes) -> dict[str, Any]:
    files = {"file": ("license.pdf", content, "application/pdf")}
    answer = service.client.post(VERIFICATIONS, files=files)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()["report"]
    return report


@pytest.mark.parametrize(
    "name",
    ["isa_content", "swa_gap_far", "shadow_hide", "eaa_freetext", "ssa_visible", "active_script",
     "usf_range_missing", "structure_index_bomb", "structure_section_bomb"],
)  # fmt: skip
def test_an_attack_is_a_verdict(service: Service, name: str) -> None:
    attack = PDF_ATTACKS[name]
    report = verdict(service, attack.make(service.world))
    assert (report["conclusion"], report["reason"]["code"]) == (attack.conclusion, attack.reason)


def test_an_honest_file_is_judged_and_told(service: Service) -> None:
    odd = PDF_TOLERATED["tolerated_sealed_long_term"]
    report = verdict(service, odd.make(service.world))
    (signature,) = report["signatures"]
    told = signature["seal"]["byte_range"]
    assert told == {
        "scope": "exact", "revision": 2, "sub_filter": "GM.sm2seal",
        "later": {"count": 0, "first": []},
    }  # fmt: skip
    asked = {c["name"]: c["outcome"] for b in report["blocks"].values() for c in b["checks"]}
    assert {asked[n] for n in ("scope_named", "references_hold", "content_covered")} == {"passed"}
