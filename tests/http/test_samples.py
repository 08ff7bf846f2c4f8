"""Samples and attacks of the sandbox through the whole service, each beside its valid twin."""

import pytest

from sandbox.attacks import ATTACKS, REFUSED
from sandbox.samples import make_samples
from tests.service import Service, line

CHOSEN = (
    *("alg_none", "key_confusion_pem", "jwk_embedded", "header_duplicate_keys", "kid_nul"),
    *("payload_duplicate_keys", "altered_payload", "foreign_key", "unknown_kid", "answer_key"),
    *("copy_delegate_signs_original", "revoked_key", "future_key", "key_before_its_time"),
    *("revoked_key_backdated", "wrong_issuer", "unknown_issuer", "wrong_check_character"),
    *("never_issued", "stolen_key_other_holder", "iat_in_future", "exp_past", "copy_expired"),
    "no_iat",
)
"""One of each kind: the pure core meets every attack in tests/sandbox."""


def test_every_sample_gets_the_verdict_it_is_written_for(service: Service) -> None:
    for sample in make_samples(service.world):
        members = sample.facts or {}
        found = service.told(sample.content, **members)
        assert found == f"{sample.conclusion} {sample.reason or ''}".strip(), sample.name


@pytest.mark.parametrize("name", CHOSEN)
def test_an_attack_fails_with_its_reason_and_its_twin_is_valid(service: Service, name: str) -> None:
    attack = ATTACKS[name]
    assert service.told(attack.twin(service.world)) == "valid"
    before = service.asked()
    forged = attack.make(service.world)
    assert service.told(forged) == f"{attack.conclusion} {attack.reason or ''}".strip()
    assert service.asked() - before == (1 if attack.asks else 0)
    as_token = service.verify(token=forged.decode())["report"]
    assert line(as_token) == f"{attack.conclusion} {attack.reason or ''}".strip()


def test_attacks_that_are_no_token_at_all_are_refused_by_name(service: Service) -> None:
    refused = [attack for attack in ATTACKS.values() if attack.conclusion == REFUSED]
    assert refused
    for attack in refused:
        assert service.told(attack.twin(service.world)) == "valid"
        before = service.asked()
        told = service.verify(attack.make(service.world), status=415)
        assert (told["type"], told["field"]) == ("/problems/unrecognised-format", "file")
        assert service.asked() == before, attack.name
