"""The trial of an endpoint, over sockets: what is good passes whole, each fault fails its item.

The sandbox learns a behaviour, or a way to neglect its duties, and this table does not know it: the
first test fails.
"""

import json
from collections.abc import AsyncIterator, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import timedelta

import pytest

from app.crypto.provider import passing_key
from app.domain.issuer import Endpoint
from app.domain.sample import Sample
from app.domain.scheme import Scheme
from app.federation.lines import Lines
from app.federation.trial.asking import Asking
from app.federation.trial.items import READABLE, Finding, Item, Outcome
from app.federation.trial.run import examine
from app.federation.trial.texts import WORDS
from app.registry.samples import read_samples
from sandbox.behaviours import BEHAVIOURS, HONEST
from sandbox.laxness import LAX
from sandbox.serve import Servers
from tests.federation.asking import NODE, SIGNER, endpoint_of, now

pytestmark = pytest.mark.anyio
ISSUER = "university"
HOUR = timedelta(hours=1)
SHORT = timedelta(seconds=0.25)
"""For behaviours that never end by themselves."""
SLOW = {"delay", "drip", "slow_headers", "hang"}

AFTER_A_LIE = {
    Item.OTHER_DOCUMENT, Item.WRONG_HOLDER, Item.NUMBER_ALONE, Item.BEFORE_ISSUE,
    Item.UNKNOWN_LICENSE, Item.UNKNOWN_CODE,
}  # fmt: skip
FAILS: dict[str, AbstractSet[Item]] = {
    **dict.fromkeys(("delay", "drip", "slow_headers", "hang"), frozenset({Item.DEADLINE})),
    **dict.fromkeys(("reset", "close", "truncate"), frozenset({Item.CONNECTION})),
    **dict.fromkeys(
        ("status", "retry_later", "not_found", "redirect", "status_with_answer", "no_content"),
        frozenset({Item.STATUS}),
    ),
    **dict.fromkeys(("oversized", "huge_length", "endless_chunks"), frozenset({Item.SIZE})),
    **dict.fromkeys(("gzip_bomb", "gzip", "encoding_unknown"), frozenset({Item.ENCODING})),
    **dict.fromkeys(
        (
            *("no_length", "header_flood", "length_and_chunked", "two_lengths", "bad_chunk"),
            *("no_status_line", "garbage"),
        ),
        frozenset({Item.HTTP}),
    ),
    **dict.fromkeys(
        ("wrong_content_type", "html_login", "unsigned", "unsigned_not_found", "malformed_json"),
        frozenset({Item.CONTENT_TYPE}),
    ),
    **dict.fromkeys(
        (
            *("empty", "alg_none", "wrong_typ", "extra_header", "five_parts"),
            *("trailing_newline", "not_a_jws"),
        ),
        frozenset({Item.TOKEN}),
    ),
    **dict.fromkeys(
        (
            *("wrong_key", "unknown_kid", "license_key", "retired_key", "scheme_swapped"),
            *("alg_hs256", "wrong_signature"),
        ),
        frozenset({Item.SIGNATURE}),
    ),
    "wrong_iss": {Item.ISSUER},
    "wrong_aud": {Item.AUDIENCE},
    **dict.fromkeys(
        ("wrong_nonce", "no_nonce", "wrong_identifier", "replayed", "identifier_list"),
        frozenset({Item.ECHO}),
    ),
    **dict.fromkeys(("future_as_of", "stale_iat", "future_iat"), frozenset({Item.CLOCK})),
    **dict.fromkeys(
        (
            *("outcome_text", "outcome_true", "outcome_nine", "no_outcome", "no_document"),
            *("no_facts", "document_word", "times_float", "duplicate_members", "deep"),
            *("not_a_number", "malformed_payload"),
        ),
        frozenset({Item.MEMBERS}),
    ),
    **dict.fromkeys(("stale_as_of", "next_update_past"), frozenset({Item.FRESH})),
    "lie_in_force": AFTER_A_LIE,
    "lie_revoked": (AFTER_A_LIE - {Item.BEFORE_ISSUE, Item.OTHER_DOCUMENT})
    | {Item.KNOWN, Item.BY_NUMBER, Item.BY_CODE},
    "lie_not_found": {Item.KNOWN, Item.DOCUMENT, Item.WRONG_HOLDER, Item.BY_NUMBER}
    | {Item.NUMBER_ALONE, Item.BY_CODE},
    "contradicts_document": {Item.DOCUMENT, Item.OTHER_DOCUMENT, Item.MEMBERS},
    "contradicts_facts": AFTER_A_LIE | {Item.KNOWN, Item.SPELLING},
    "confirms_document": {Item.OTHER_DOCUMENT, Item.MEMBERS},
    "document_unknown": {Item.DOCUMENT},
    "partial_facts": {Item.KNOWN, Item.WRONG_HOLDER, Item.BY_NUMBER, Item.SPELLING}
    | {Item.NUMBER_ALONE, Item.UNKNOWN_LICENSE, Item.BY_CODE, Item.UNKNOWN_CODE},
    "facts_unknown": {Item.KNOWN, Item.WRONG_HOLDER, Item.SPELLING},
    "outcome": {Item.KNOWN, Item.WRONG_HOLDER, Item.BY_NUMBER, Item.UNKNOWN_LICENSE}
    | {Item.BY_CODE, Item.UNKNOWN_CODE},
}
HARMLESS = {
    *("early_hints", "continue_flood", "chunked", "trailing_bytes", "extra_member"),
    "next_update",
}
"""Nothing that an issuer would have to mend, or nothing that an answer shows."""

NEGLECTS: dict[str, set[Item]] = {
    "oversized": {Item.OVERSIZED},
    "other_token": {Item.OTHER_TOKEN},
    "incomplete": {Item.INCOMPLETE, Item.REPLAY},
    "ambiguous": {Item.AMBIGUOUS},
    "long_life": {Item.LONG_LIFE},
    "expired": {Item.EXPIRED},
    "future": {Item.FUTURE},
    "stranger": {Item.STRANGER},
    "signature": {Item.FORGED, Item.ALTERED},
    "alg_none": {Item.UNSIGNED},
    "other_body": {Item.OTHER_BODY},
    "false_via": {Item.FALSE_VIA},
    "replay": {Item.REPLAY},
    "strict_members": {Item.NEW_MEMBERS},
    "strict_clock": {Item.CLOCK_TOLERANCE},
    "shut_facts": {Item.FACTS},
    "tells_after_mismatch": {Item.WRONG_HOLDER},
    "number_suffices": {Item.NUMBER_ALONE},
    "number_needs_identifier": {Item.BY_NUMBER, Item.NUMBER_ALONE},
    "ignores_at": {Item.BEFORE_ISSUE},
    "exact_spelling": {Item.SPELLING, Item.BY_NUMBER},
    "codes_refused": {Item.BY_CODE, Item.UNKNOWN_CODE},
    "codes_unknown": {Item.BY_CODE},
    "codes_guessed": {Item.UNKNOWN_CODE},
}


def test_every_fault_of_the_sandbox_is_expected_to_fail_something():
    assert FAILS.keys() | HARMLESS == BEHAVIOURS.keys() - {HONEST}
    assert not FAILS.keys() & HARMLESS
    assert NEGLECTS.keys() == LAX.keys()


def test_every_item_can_fail_and_says_how_to_mend_it():
    failing = set().union(*FAILS.values(), *NEGLECTS.values())
    assert failing | {Item.ADDRESS, Item.ADMITTED} == set(Item)
    assert WORDS.keys() == set(Item)
    for words in WORDS.values():
        texts = (words.asked_zh, words.asked_en, words.mend_zh, words.mend_en)
        assert all(text.strip() == text and text for text in texts)
        assert words.asked("zh") != words.asked("en")
        assert words.mend("zh") != words.mend("en")


@pytest.fixture
async def lines() -> AsyncIterator[Lines]:
    opened = Lines()
    yield opened
    await opened.aclose()


@pytest.fixture
def sample(servers: Servers) -> Iterator[Sample]:
    yield sample_of(servers, ISSUER)
    servers.reset()


def sample_of(servers: Servers, issuer: str) -> Sample:
    found = read_samples(json.loads(json.dumps(servers.registration())))
    return next(s for code, s in found.items() if code == servers[issuer].office.body.code)


def asking(lines: Lines, endpoint: Endpoint, **changes: object) -> Asking:
    made = Asking(
        lines=lines,
        endpoint=endpoint,
        node=NODE,
        signer=SIGNER,
        stranger=passing_key(Scheme.ED25519),
        clock=now,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


async def tried(
    asked: Asking, sample: Sample | None, type: str | None = None
) -> dict[Item, Finding]:
    found = await examine(asked, sample, type=type, max_age=HOUR)  # type: ignore[arg-type]
    assert [finding.item for finding in found] == list(Item)
    return {finding.item: finding for finding in found}


def by(found: dict[Item, Finding], outcome: Outcome) -> set[Item]:
    return {item for item, finding in found.items() if finding.outcome is outcome}


def assert_whole(found: dict[Item, Finding]) -> None:
    assert [f for f in found.values() if f.outcome is not Outcome.PASSED] == []


@pytest.mark.parametrize("issuer", ["market", "traffic", "university", "housing"])
async def test_a_good_endpoint_passes_every_item(servers: Servers, lines: Lines, issuer: str):
    """SM2, ECDSA, Ed25519 and RSA-PSS; with and without an index of all files."""
    endpoint = endpoint_of(servers[issuer])
    assert_whole(await tried(asking(lines, endpoint), sample_of(servers, issuer)))


@pytest.mark.parametrize("name", FAILS)
async def test_a_bad_answer_fails_the_item_it_breaks(
    servers: Servers, lines: Lines, sample: Sample, name: str
):
    server = servers[ISSUER]
    asked = asking(lines, endpoint_of(server, deadline=SHORT if name in SLOW else 5 * SHORT))
    assert_whole(await tried(asking(lines, endpoint_of(server)), sample))
    servers.set_behaviour(ISSUER, name, **({"bytes": 1 << 20} if name == "gzip_bomb" else {}))
    found = await tried(asked, sample)
    assert by(found, Outcome.FAILED) == FAILS[name], found
    fault = next(item for item in Item if item in FAILS[name])
    if (
        fault in READABLE and len(FAILS[name]) == 1
    ):  # one fault is one line: nothing that hangs on it is held against it
        later = list(Item)[list(Item).index(fault) + 1 :]
        assert {found[item].outcome for item in later} <= {Outcome.UNCHECKED, Outcome.PASSED}
        assert {found[i].outcome for i in later if i is not Item.FACTS} == {Outcome.UNCHECKED}
    server.script.clear()
    assert_whole(await tried(asking(lines, endpoint_of(server)), sample))


@pytest.mark.parametrize("name", sorted(HARMLESS))
async def test_what_is_allowed_fails_nothing(
    servers: Servers, lines: Lines, sample: Sample, name: str
):
    servers.set_behaviour(ISSUER, name)
    assert_whole(await tried(asking(lines, endpoint_of(servers[ISSUER])), sample))


@pytest.mark.parametrize("name", NEGLECTS)
async def test_what_is_neglected_fails_its_item(
    servers: Servers, lines: Lines, sample: Sample, name: str
):
    server = servers[ISSUER]
    assert_whole(await tried(asking(lines, endpoint_of(server)), sample))
    server.office.lax = frozenset({name})
    found = await tried(asking(lines, endpoint_of(server)), sample)
    assert by(found, Outcome.FAILED) == NEGLECTS[name], found
    assert "answered" in found[Item.STRANGER].saw or name != "stranger"


async def test_a_forbidden_address_is_not_asked(servers: Servers, lines: Lines, sample: Sample):
    endpoint = endpoint_of(servers[ISSUER], networks=())
    found = await tried(asking(lines, endpoint), sample)
    assert by(found, Outcome.FAILED) == {Item.ADDRESS}
    assert by(found, Outcome.UNCHECKED) == set(Item) - {Item.ADDRESS}
    assert servers[ISSUER].seen.requests == 0


async def test_a_node_that_is_not_let_in_is_told_so(servers: Servers, lines: Lines, sample: Sample):
    endpoint = endpoint_of(servers[ISSUER])
    found = await tried(asking(lines, endpoint, node="some-other-node"), sample)
    assert by(found, Outcome.FAILED) == {Item.ADMITTED}
    assert found[Item.ADMITTED].saw == "HTTP 401"
    assert "peer self" in WORDS[Item.ADMITTED].mend("en")


async def test_without_a_sample_the_rest_is_tried(servers: Servers, lines: Lines):
    body = servers[ISSUER].office.body
    found = await tried(asking(lines, endpoint_of(servers[ISSUER])), None, body.types[0])
    assert by(found, Outcome.FAILED) == set()
    unchecked = by(found, Outcome.UNCHECKED)
    assert {Item.KNOWN, Item.WRONG_HOLDER, Item.DOCUMENT} <= unchecked
    assert found[Item.UNKNOWN_LICENSE].outcome is Outcome.PASSED
    assert found[Item.REPLAY].outcome is Outcome.PASSED
    assert "--sample" in found[Item.KNOWN].saw
    servers[ISSUER].office.lax = frozenset({"replay"})
    found = await tried(asking(lines, endpoint_of(servers[ISSUER])), None, body.types[0])
    assert by(found, Outcome.FAILED) == {Item.REPLAY}


async def test_without_anything_to_ask_about_nothing_is_sent(servers: Servers, lines: Lines):
    found = await tried(asking(lines, endpoint_of(servers[ISSUER])), None)
    assert by(found, Outcome.UNCHECKED) == set(Item)
    assert servers[ISSUER].seen.requests == 0


async def test_facts_are_not_sent_in_clear_to_find_something_out(
    servers: Servers, lines: Lines, sample: Sample
):
    """Beyond this machine, without a key for them: what needs facts is left unchecked."""
    endpoint = endpoint_of(servers[ISSUER], encryption_jwk=None)
    by_name = replace(endpoint, url=endpoint.url.replace("127.0.0.1", "localhost"),
                      networks=(*endpoint.networks, "::1/128"))  # fmt: skip
    found = await tried(asking(lines, by_name), sample)
    assert by(found, Outcome.FAILED) == set(), found
    assert {Item.FACTS, Item.WRONG_HOLDER, Item.SPELLING, Item.BY_NUMBER} <= by(
        found, Outcome.UNCHECKED
    )
    asked = servers[ISSUER].seen.inquiries
    assert asked
    assert not any("facts" in payload or "facts_jwe" in payload for payload in asked)


async def test_a_sample_by_number_alone_is_enough_to_be_tried(
    servers: Servers, lines: Lines, sample: Sample
):
    claims = replace(sample.claims, identifier=None)
    found = await tried(asking(lines, endpoint_of(servers[ISSUER])), replace(sample, claims=claims))
    assert by(found, Outcome.FAILED) == set(), found
    assert by(found, Outcome.UNCHECKED) == set(), found


async def test_a_code_of_another_license_is_told(servers: Servers, lines: Lines, sample: Sample):
    world = servers[ISSUER].office.world
    mine = str(sample.claims.identifier)
    other = next(each for each in world.of(ISSUER, "in_force") if each.id != mine)
    claims = replace(sample.claims, code=world.code_of(other))
    asked = asking(lines, endpoint_of(servers[ISSUER]))
    found = await tried(asked, replace(sample, claims=claims))
    assert by(found, Outcome.FAILED) == {Item.BY_CODE}
    assert found[Item.BY_CODE].saw == "it found another license"


async def test_who_gives_out_codes_names_one_in_the_sample(
    servers: Servers, lines: Lines, sample: Sample
):
    """Without one nothing shows but that nobody's is denied; the kit without codes is whole."""
    bare = replace(sample, claims=replace(sample.claims, code=None))
    found = await tried(asking(lines, endpoint_of(servers[ISSUER])), bare)
    assert by(found, Outcome.UNCHECKED) == {Item.BY_CODE}
    assert by(found, Outcome.FAILED) == set()
    servers[ISSUER].office.lax = frozenset({"codes_guessed"})
    found = await tried(asking(lines, endpoint_of(servers[ISSUER])), bare)
    assert by(found, Outcome.FAILED) == {Item.UNKNOWN_CODE}
    assert found[Item.UNKNOWN_CODE].saw == "outcome 0"


async def test_who_knows_no_codes_may_refuse_them(servers: Servers, lines: Lines, sample: Sample):
    """As an endpoint written before there were codes; with one in the sample it is a fault."""
    server = servers[ISSUER]
    bare = replace(sample, claims=replace(sample.claims, code=None))
    server.office.lax = frozenset({"codes_refused"})
    found = await tried(asking(lines, endpoint_of(server)), bare)
    assert_whole(found)
    assert found[Item.BY_CODE].saw == "HTTP 400: it does not know codes"
    server.office.lax = frozenset()
    server.script.add("status", {"code": 500}, identifier=sample.claims.code)
    found = await tried(asking(lines, endpoint_of(server)), sample)
    assert by(found, Outcome.FAILED) == {Item.BY_CODE}
    assert "HTTP 500" in found[Item.BY_CODE].saw


async def test_a_sample_that_is_wrong_fails_what_it_says(
    servers: Servers, lines: Lines, sample: Sample
):
    wrong = replace(sample, claims=replace(sample.claims, holder="某某"))
    found = await tried(asking(lines, endpoint_of(servers[ISSUER])), wrong)
    assert Item.KNOWN in by(found, Outcome.FAILED)


async def test_an_overloaded_endpoint_is_not_called_wrong(
    servers: Servers, lines: Lines, sample: Sample
):
    server = servers[ISSUER]
    endpoint = endpoint_of(server)
    claims = sample.claims
    assert claims.identifier is not None
    # The first question is answered, then 429 comes for everything about the sample.
    server.script.add("status", {"code": 429}, identifier=str(claims.identifier))
    server.script.add("honest", {}, times=1)
    found = await tried(asking(lines, endpoint), sample)
    assert Item.REPLAY in by(found, Outcome.UNCHECKED)
    assert Item.WRONG_HOLDER in by(found, Outcome.UNCHECKED)
    assert "429" in found[Item.WRONG_HOLDER].saw
