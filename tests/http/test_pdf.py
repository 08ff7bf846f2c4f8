"""PDF files over HTTP: a verdict with its reason, on the page's terms and never an error."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox import cms, pdf
from sandbox.cms import signer_of
from sandbox.pdf_attacks import PDF_ATTACKS, PDF_TOLERATED
from sandbox.pdf_signing import KINDS, Hand, cms_value
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


def claiming(service: Service, inside: datetime | None, beside: str) -> bytes:
    """Signed by certificate, at a time of nobody's calendar."""
    world = service.world
    license = world.pick("university")
    hand = Hand(world, world.sealer(license), license.signed_at)
    signing = KINDS["sm2"](hand)
    value = cms_value(signer_of(hand.holder.unit), inside, cms.SM3)
    signing = replace(signing, value=value, at=None, more=beside)
    return pdf.sign(pdf.write(world.made(license)), signing).content


@pytest.mark.parametrize(
    ("inside", "beside", "reason"),
    [
        (None, " /M (D:00010101000000+08'00')", "signing_time_missing"),
        (None, " /M (D:99991231235959-08'00')", "signing_time_missing"),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "", "signed_in_future"),
    ],
)
def test_attack_a_time_outside_of_the_calendar(
    service: Service, inside: datetime | None, beside: str, reason: str
) -> None:
    """A verdict by interface and page; in other zones there is no such time."""
    content = claiming(service, inside, beside)
    report = verdict(service, content)
    found = {c["reason"] for b in report["blocks"].values() for c in b["checks"] if c["reason"]}
    assert reason in found
    assert report["conclusion"] != "valid"
    page = service.client.post("/", data={"text": ""}, files={"file": ("a.pdf", content)})
    assert page.status_code == 200, page.text
    assert 'id="mark"' in page.text


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
