"""The published schema of a trust list against the reader: what it refuses, the reader refuses."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from app.domain.errors import Malformed
from app.registry.lists.signed import compose, read_list, read_signers
from app.registry.lists.store import read_pinned
from app.schemas.trust import EXAMPLE
from sandbox.keys import unb64
from sandbox.trustlist import Publisher, canonical, generation, make, renamed, seal_ended
from sandbox.world import World
from tests.list_examples import served
from tests.registry.lists.test_signed import BAD_PAYLOADS

PROJECT = Path(__file__).parents[2]
SCHEMA = json.loads((PROJECT / "docs/trust-list.schema.json").read_text("utf-8"))
NOW = datetime(2026, 11, 24, tzinfo=UTC)
KEY = generation(1, "first")[2:]
ONLY_THE_READER = {
    "issued_no_day": "a day there is not",
    "expires_too_late": "two members compared",
    "expires_before": "two members compared",
    "previous_null": "two members compared",
    "threshold_3_of_2": "two members compared",
    "threshold_1": "allowed in a demonstration",
    "key_twice": "thumbprints",
    "key_other_kid": "thumbprints",
    "matter_twice": "entries compared",
    "succeeded_by_itself": "two members compared",
    "seal_cancelled_for_a_while": "two members compared",
    "seal_thawed_before": "two members compared",
    "seal_twice": "entries compared",
    "seal_nameless": "what a name of a seal is",
    "seal_unseen": "what a name of a seal is",
    "url_host": "what a host is",
    "url_scheme": "what a host is",
    "anchor_is_none": "certificates",
    "retrieval_in_clear": "http where the follower opened the network",
}
"""Bad payloads that a schema cannot tell, and why."""


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    Draft202012Validator.check_schema(SCHEMA)
    return Draft202012Validator(SCHEMA)


@pytest.fixture(scope="module")
def payload():
    world = World(1, date(2026, 11, 24))
    made = Publisher(world, NOW)
    made.publish()
    market, data = (world.body(name).code for name in ("market", "data"))

    def more(value):
        value["official_urls"] = [{"type": None, "host": "yunhai.example", "path": "/c/"}]
        value["license_types"][0]["used_in"] = [
            {"code": "01", "name": {"zh": "登记", "en": "Registration"}}
        ]
        value["authorities"]["crl_locations"] = [
            {"authority": "0" * 64, "url": "https://ca.example/list.crl"}
        ]

        value["issuers"][0]["platforms"] = [
            {"kind": "region", "prefixes": ["63"], "url": "https://region.example/ivp"},
            {"kind": "upstream", "url": "https://above.example/ivp"},
        ]

    return made.publish(more, renamed(market, data, NOW), seal_ended("1", "frozen", NOW)).payload


def test_a_whole_list_fits(validator, payload):
    assert not list(validator.iter_errors(payload))
    assert compose(payload) == canonical(payload)


@pytest.mark.parametrize("name", BAD_PAYLOADS)
def test_what_the_schema_refuses_the_reader_refuses_too(validator, payload, name):
    bad = json.loads(canonical(payload))
    assert read_list(make(bad, KEY).raw)
    BAD_PAYLOADS[name](bad)
    refused = bool(list(validator.iter_errors(bad)))
    assert refused or name in ONLY_THE_READER
    with pytest.raises(Malformed):
        read_list(make(bad, KEY).raw)


def test_the_example_is_a_list_and_is_made_anew():
    assert served() == EXAMPLE
    read = read_list(json.dumps(EXAMPLE).encode())
    assert len(read.signed_by(read.head.signers.keys)) == 2


def test_the_empty_list_for_production_is_one(validator):
    """docs/examples: a payload that vouches for nobody, and the keys a follower pins."""
    folder = PROJECT / "docs/examples/trust-list"
    payload = json.loads((folder / "payload.json").read_text("utf-8"))
    assert not list(validator.iter_errors(payload))
    assert compose(payload)
    assert payload.get("demonstration") is None
    pinned = read_pinned(json.loads((folder / "signers.json").read_text("utf-8")))
    assert pinned.publisher == payload["publisher"]
    assert pinned.signers == read_signers(payload["signers"], "signers")
    sections = set(payload) - set(SCHEMA["required"])
    assert all(payload[name] in ([], {}) for name in sections)
    assert unb64(payload["signers"]["keys"][0]["kid"])
