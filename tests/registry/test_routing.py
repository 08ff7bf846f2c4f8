"""Where questions go: every rule alone, every rule before the next, and what leads nowhere."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.identifier import Identifier, IssuerCode
from app.domain.issuer import EndpointKind, Rule, Speaker
from app.domain.trust import Issuer, Kind, LicenseType, TrustQuestion, Window
from app.registry.entries import DelegationEntry, EndpointEntry, Look
from app.registry.routing import SPEAKERS, region_told, route_of, routes_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OPEN = Window(NOW - DAY, NOW + DAY)
IDENTIFIER = Identifier.read(
    "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B"
)
ISSUER, TYPE = IDENTIFIER.issuer, IDENTIFIER.type
SUCCESSOR, DELEGATE, OWNER = (IssuerCode(c) for c in ("630901", "630902", "630903"))
CITY, PROVINCE, NATION, OTHER = (IssuerCode(c) for c in ("630100", "630000", "100000", "640000"))


def entry(
    body: IssuerCode, kind: EndpointKind = EndpointKind.ISSUER, *prefixes: str
) -> EndpointEntry:
    return EndpointEntry(
        issuer=body, url=f"https://{kind}.{body}.example/ivp", kind=kind, prefixes=prefixes
    )


WAYS = {
    Rule.SUCCESSOR: entry(SUCCESSOR),
    Rule.ISSUER: entry(ISSUER),
    Rule.DELEGATE: entry(DELEGATE),
    Rule.TYPE_OWNER: entry(OWNER, EndpointKind.TYPE_OWNER, TYPE[:18]),
    Rule.REGION: entry(PROVINCE, EndpointKind.REGION, "63"),
    Rule.UPSTREAM: entry(NATION, EndpointKind.UPSTREAM),
}
QUESTION = TrustQuestion(
    identifier=IDENTIFIER, type=TYPE, issuer=ISSUER, signers=frozenset(), digest=None
)
LOOK = Look(
    issuer=Issuer(ISSUER, "样例局", "Sample Bureau", frozenset({TYPE})),
    type=LicenseType(code=TYPE, name="样例证", name_en="Sample", max_status_age=DAY),
    delegations=(
        DelegationEntry(issuer=ISSUER, type=TYPE, delegate=DELEGATE, kind=Kind.ANSWER, window=OPEN),
    ),
    succession=(SUCCESSOR, NOW - DAY),
    endpoints=tuple(WAYS.values()),
)
RULES = list(WAYS)


def told(look: Look, question: TrustQuestion = QUESTION, now: datetime = NOW) -> str:
    route = route_of(question, look, now)
    return "nowhere" if route is None else f"{route.rule} {route.entry.issuer} {route.matched}"


@pytest.mark.parametrize("rule", RULES)
def test_the_closest_to_the_issuer_is_asked(rule):
    """Everything that is closer taken away, everything that is farther there."""
    left = replace(LOOK, endpoints=tuple(WAYS[r] for r in RULES[RULES.index(rule) :]))
    route = route_of(QUESTION, left, NOW)
    assert route is not None
    assert (route.rule, route.entry) == (rule, WAYS[rule])
    alone = replace(LOOK, endpoints=(WAYS[rule],))
    assert route_of(QUESTION, alone, NOW) == route


def test_all_ways_in_order():
    assert [route.rule for route in routes_of(QUESTION, LOOK, NOW)] == RULES


def test_only_home_speaks_for_the_issuer():
    at_home = {rule for rule, speaker in SPEAKERS.items() if speaker is not Speaker.UPSTREAM}
    assert at_home == {Rule.ISSUER, Rule.SUCCESSOR, Rule.DELEGATE, Rule.SEAL_OWNER}


def test_the_longest_prefix_of_the_region():
    city = entry(CITY, EndpointKind.REGION, "6301")
    look = replace(LOOK, region="630102", endpoints=(WAYS[Rule.REGION], city))
    assert told(look) == "region 630100 6301"
    assert told(replace(look, region="630202")) == "region 630000 63"  # the twin: not that city


def test_the_registered_region_before_the_one_in_the_code():
    look = replace(LOOK, region="640102", endpoints=(WAYS[Rule.REGION],))
    assert told(look) == "nowhere"
    assert told(replace(look, region=None)) == "region 630000 63"


@pytest.mark.parametrize(
    ("issuer", "seal", "region"),
    [
        ("11630000MB0000019J", None, "630000"),
        ("630100", None, "630100"),
        ("632123", None, "630202"),  # 乐都, as it was and as it is
        ("12632123MB0000019J", None, "630202"),
        (None, "63212300012345", "630202"),
        (None, "63010000012345", "630100"),
        (None, "ES-1", None),
        (None, None, None),
        ("11ABCDEFMB0000019J", None, None),
    ],
)
def test_what_a_code_tells_of_the_region(issuer, seal, region):
    asked = replace(QUESTION, issuer=None if issuer is None else IssuerCode(issuer), seal=seal)
    assert region_told(asked) == region


@pytest.mark.parametrize(
    "look",
    [
        replace(LOOK, issuer=None),
        replace(LOOK, endpoints=()),
        replace(LOOK, endpoints=(entry(OTHER),)),
        replace(LOOK, endpoints=(entry(OTHER, EndpointKind.REGION, "64"),)),
        replace(LOOK, endpoints=(entry(OTHER, EndpointKind.TYPE_OWNER, "11990000MB03271699"),)),
        # For whom it answers is the entry's word: a delegate's platform is no delegate's endpoint.
        replace(LOOK, endpoints=(entry(DELEGATE, EndpointKind.REGION, "64"),)),
    ],
    ids=["unregistered", "none", "another body", "another region", "another owner", "a platform"],
)
def test_leads_nowhere(look):
    assert told(look) == "nowhere"


@pytest.mark.parametrize(
    ("since", "rule"),
    [(NOW - DAY, Rule.SUCCESSOR), (NOW, Rule.SUCCESSOR), (NOW + DAY / 24, Rule.ISSUER)],
)
def test_an_old_bodys_endpoint_is_asked_until_the_day_of_the_change(since, rule):
    """Both still have one: from that day on the records are the successor's."""
    route = route_of(QUESTION, replace(LOOK, succession=(SUCCESSOR, since)), NOW)
    assert route is not None
    assert (route.rule, SPEAKERS[route.rule]) == (rule, Speaker.ISSUER)


def test_an_old_bodys_endpoint_is_asked_where_the_successor_has_none():
    assert told(replace(LOOK, endpoints=LOOK.endpoints[1:])).startswith(f"issuer {ISSUER}")


@pytest.mark.parametrize("rule", RULES)
def test_no_question_is_led_back_to_who_asks_on(rule):
    asking = WAYS[rule].issuer
    ways = list(routes_of(replace(QUESTION, asker=asking), LOOK, NOW))
    assert [way.rule for way in ways] == [other for other in RULES if other is not rule]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"succession": (SUCCESSOR, NOW + DAY)}, Rule.DELEGATE),
        ({"succession": None}, Rule.DELEGATE),
        ({"delegations": ()}, Rule.SUCCESSOR),
        ({"succession": None, "delegations": ()}, Rule.TYPE_OWNER),
    ],
)
def test_what_does_not_hold_today_is_no_way(change, rule):
    others = tuple(each for each in LOOK.endpoints if each.issuer != ISSUER)
    look = replace(LOOK, endpoints=others, **change)
    route = route_of(QUESTION, look, NOW)
    assert route is not None
    assert route.rule is rule


def test_an_ended_or_other_mandate_is_none_to_answer():
    own = LOOK.delegations[0]
    only = replace(LOOK, succession=None, endpoints=(WAYS[Rule.DELEGATE],))
    assert told(only).startswith("delegate")
    for spoilt in (
        replace(own, kind=Kind.COPY),
        replace(own, revoked_at=NOW - DAY / 2),
        replace(own, window=Window(NOW + DAY, None)),
    ):
        assert told(replace(only, delegations=(spoilt,))) == "nowhere"


SEAL = replace(
    QUESTION,
    identifier=None,
    type=None,
    issuer=None,
    sealed=True,
    organisations=frozenset({ISSUER}),
    seal="63010000012345",
)
SEALED = Look(sealers=frozenset({ISSUER}), endpoints=LOOK.endpoints)


@pytest.mark.parametrize(
    ("look", "expected"),
    [
        (SEALED, f"seal_owner {ISSUER} {ISSUER}"),
        (replace(SEALED, sealers=frozenset()), "region 630000 63"),
        (replace(SEALED, endpoints=(WAYS[Rule.UPSTREAM],)), "upstream 100000 "),
        (replace(SEALED, endpoints=()), "nowhere"),
    ],
)
def test_a_seal_goes_to_its_owner_then_by_its_code(look, expected):
    assert told(look, SEAL) == expected


def test_a_seal_leads_nowhere_where_an_issuer_is_named():
    """The identifier says whom to ask; a certificate cannot take the question elsewhere."""
    named = replace(SEAL, issuer=OTHER)
    assert told(SEALED, named) == "nowhere"
    assert told(SEALED, replace(SEAL, sealed=False)) == "nowhere"


def test_the_choice_does_not_depend_on_the_order_of_rows():
    more = (
        *LOOK.endpoints,
        entry(OTHER, EndpointKind.UPSTREAM),
        entry(CITY, EndpointKind.REGION, "63"),
    )
    for rows in (more, more[::-1]):
        found = [
            json.dumps([r.rule, r.entry.url])
            for r in routes_of(QUESTION, replace(LOOK, endpoints=rows), NOW)
        ]
        assert found == sorted(found, key=lambda text: [*RULES].index(json.loads(text)[0]))
        assert len(found) == 8
    first = [
        list(routes_of(QUESTION, replace(LOOK, endpoints=rows), NOW)) for rows in (more, more[::-1])
    ]
    assert first[0] == first[1]
