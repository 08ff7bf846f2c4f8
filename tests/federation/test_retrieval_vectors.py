"""docs/ivp-vectors/retrieval.json: what this node makes of deliveries, and asks with."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from app.crypto.jose import JsonLimits, read_json_object, split_compact
from app.domain.identifier import Identifier, IssuerCode
from app.domain.issuer import AnswerKey, Unreachable
from app.domain.license import KeyId
from app.domain.retrieval import Deliver, Delivered, Giver, NotGiven, Offer, Wanted
from app.domain.scheme import Scheme
from app.federation.retrieving import ASKING, Request, compose_retrieval, read_delivery
from tests import ivp_vectors as vectors
from tests.federation.asking import SIGNER
from tests.federation.hostile import endpoint

NOW = datetime.fromtimestamp(vectors.NOW, UTC)
KEPT: dict[str, Any] = json.loads((vectors.FOLDER / "retrieval.json").read_text("utf-8"))
OFFER = Offer(IssuerCode(KEPT["issuer"]), "https://issuer.example/r", tuple(KEPT["origins"]))
KEY = AnswerKey(KeyId("issuer-key"), Scheme.ED25519, vectors.KEYS["issuer"].spki)
GIVER = Giver(replace(endpoint(1), answer_keys=(KEY,)), OFFER)
REQUEST = Request(KEPT["request"].encode(), "node-a", vectors.IDENTIFIER)


@pytest.mark.parametrize("case", KEPT["deliveries"], ids=lambda case: case["name"])
def test_a_delivery_is_what_it_is_expected_to_be(case: dict[str, str]):
    said = read_delivery(case["token"].encode(), REQUEST, GIVER, NOW)
    match said:
        case Delivered():
            found = "given"
        case NotGiven():
            found = said.value
        case Unreachable():
            found = said.why.value
    assert found == case["expect"], said


def test_most_are_refused():
    refused = [c for c in KEPT["deliveries"] if c["expect"] not in {"given", *NotGiven}]
    assert len(refused) >= 15


def test_the_request_is_as_ours_are():
    wanted = Wanted(
        identifier=Identifier.read(vectors.IDENTIFIER),
        purpose="loan-review",
        matter=None,
        behalf="11630000MB0000019J",
        deliver=Deliver.LINK,
    )
    ours = compose_retrieval(wanted, OFFER, node="node-a", signer=SIGNER, now=NOW).token
    theirs = KEPT["request"].encode()
    found = [
        read_json_object(split_compact(token).payload, JsonLimits()) for token in (ours, theirs)
    ]
    for each in found:
        each.pop("jti")
    assert found[0] == found[1]
    assert split_compact(ours).typ == split_compact(theirs).typ == ASKING
