"""Every problem the doctor knows, beside the sound list it was made from."""

import base64
import copy
import hashlib
from datetime import timedelta
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from app.crypto.rsa_rules import with_shared_primes
from app.registry.lists.content import read_content
from app.registry.lists.withdrawals import Withdrawals, key_name
from app.registry.ocsp_responses import OcspEntry
from app.registry.revocation_sources import RevocationSource
from app.services import doctor_primes
from app.services.doctor import FIXES, Checked, Problem, endpoints_of, examine
from app.services.doctor_fetched import fetched
from app.services.doctor_primes import shared_primes
from sandbox import trustlist
from tests.trust.conftest import DAY, NOW

LOOPBACK = ("127.0.0.0/8",)


@pytest.fixture(scope="module")
def _sections(world):
    urls = {b.code: f"http://127.0.0.1:{9000 + i}/ivp" for i, b in enumerate(world.answering)}
    found = trustlist.sections(world, urls)
    made = world.authorities
    keep = found["authorities"]
    # The careful ones only: the sandbox has branches that are wrong on purpose.
    keep["anchors"] = keep["anchors"][:1]
    keep["intermediates"] = keep["intermediates"][:1]
    keep["crls"] = [trustlist_b64(made.root_crl), trustlist_b64(made.issuing_crl)]
    return found


def trustlist_b64(der):
    import base64

    return base64.b64encode(der).decode()


@pytest.fixture
def sections(_sections):
    return copy.deepcopy(_sections)


def checked(sections, name="city", **options):
    content = read_content(sections, networks=LOOPBACK)
    return Checked(name=name, content=content, **options)


def problems(*sources, now=NOW):
    return {found.problem for found in examine(sources, now)}


@pytest.fixture
def sound(sections):
    """What the untouched list has: nothing."""
    found = problems(checked(sections, expires_at=NOW + 30 * DAY))
    assert found == set()
    return sections


def test_a_sound_list_has_nothing(sound):
    assert sound


@pytest.mark.parametrize(
    ("left", "problem"),
    [(-1, Problem.LIST_EXPIRED), (0, Problem.LIST_EXPIRED), (3, Problem.LIST_ENDS_SOON)],
)
def test_lists_end(sound, left, problem):
    assert problems(checked(sound, expires_at=NOW + left * DAY)) == {problem}


def test_a_followed_list_that_was_never_had(sound):
    assert problems(checked({}, "nation", held=False), checked(sound)) == {Problem.LIST_NONE}


@pytest.mark.parametrize(
    ("seen", "expected"),
    [(None, {Problem.LIST_UNSEEN}), (25, {Problem.LIST_UNSEEN}), (23, set())],
)
def test_a_publisher_who_serves_nothing_good(sound, seen, expected):
    url = "https://trust.example/lists"
    good_at = None if seen is None else NOW - timedelta(hours=seen)
    assert problems(checked(sound, url=url, good_at=good_at)) == expected
    assert problems(checked(sound, good_at=good_at)) == set()  # handed in, when somebody does


@pytest.mark.parametrize("what", ["anchor", "key"])
def test_what_is_left_out_without_an_end(sound, what):
    """It would count for past days: ended, it is no finding, and neither is what had ended."""
    before = read_content(sound, networks=LOOPBACK)
    later = copy.deepcopy(sound)
    issuer = later["issuers"][0]
    if what == "anchor":
        gone = later["authorities"]["anchors"].pop(0)
        name = before.authorities.anchors[0].fingerprint
        ended = Withdrawals(anchors={name: NOW - DAY})
    else:
        (gone,) = [k for k in issuer["keys"] if "answer" in k["uses"] and not k["revoked_at"]][:1]
        issuer["keys"].remove(gone)
        (entry,) = (k for k in before.registration.keys if k.key_id == gone["kid"])
        ended = Withdrawals(keys={key_name(entry): NOW - DAY})
    assert Problem.LEFT_OUT not in problems(checked(sound, before=before))
    found = examine([checked(later, before=before)], NOW)
    assert [f.place.split()[1] for f in found if f.problem is Problem.LEFT_OUT] == [
        "authority" if what == "anchor" else "key"
    ]
    assert Problem.LEFT_OUT not in problems(checked(later, before=before, taken=ended))
    much_later = NOW + 9000 * DAY
    if what == "key":
        late = problems(checked(later, before=before), now=much_later)
        assert Problem.LEFT_OUT not in late


def test_trust_in_an_anchor_ends(sound):
    sound["authorities"]["anchors"][0]["until"] = "2026-12-01T00:00:00Z"
    assert problems(checked(sound)) == {Problem.ANCHOR_ENDS_SOON}


def test_a_certificate_ends(sound, world):
    end = world.authorities.day(4000)  # of the root
    assert Problem.ANCHOR_ENDS_SOON in problems(checked(sound), now=end - DAY)
    assert Problem.ANCHOR_EXPIRED in problems(checked(sound), now=end + DAY)


def test_an_anchor_that_was_ended_on_purpose_is_no_finding(sound):
    sound["authorities"]["anchors"][0]["until"] = "2026-11-01T00:00:00Z"
    assert problems(checked(sound)) == set()


def test_revocation_lists_are_missing_stale_or_about_to_be(sound, world):
    made = world.authorities
    crls = sound["authorities"]["crls"]
    for lists, problem, now in (
        (crls[:1], Problem.CRL_MISSING, NOW),
        ([crls[0], trustlist_b64(made.stale_crl)], Problem.CRL_STALE, NOW),
        (crls, Problem.CRL_ENDS_SOON, made.day(27)),
        (crls, Problem.CRL_STALE, made.day(31)),
    ):
        sound["authorities"]["crls"] = lists
        assert problem in problems(checked(sound), now=now)


def test_a_list_of_another_key_under_the_same_name_is_none(sound, world):
    impostor = world.authorities.impostor.crl(world.authorities.list_plan())
    sound["authorities"]["crls"][1] = trustlist_b64(impostor)
    assert problems(checked(sound)) == {Problem.CRL_MISSING}


def test_a_list_kept_elsewhere_counts(sound):
    """Lists of one source serve authorities of another, as they do in a verification."""
    crls = sound["authorities"].pop("crls")
    assert problems(checked(sound)) == {Problem.CRL_MISSING}
    tables = checked({"authorities": {"crls": crls}}, "local")
    assert problems(checked(sound), tables) == set()


HOUR = timedelta(hours=1)


def response(authority="a1" * 32, serial="7f", *, revoked=False, ends=HOUR, begun=-HOUR):
    end = None if ends is None else NOW + ends
    name = f"{authority}{serial}{revoked}{ends}"
    return OcspEntry(
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        authority=authority,
        serial=serial,
        revoked=revoked,
        der=b"",
        this_update=NOW + begun,
        next_update=end,
    )


STALE = response(ends=-HOUR, begun=-2 * HOUR)


@pytest.mark.parametrize(
    ("held", "stale"),
    [
        ([], 0),
        ([response()], 0),
        ([STALE], 1),
        ([response(ends=timedelta(0))], 1),
        ([response(ends=None)], 1),
        ([STALE, response()], 0),
        ([STALE, response(revoked=True, ends=-HOUR)], 0),
        ([STALE, response(serial="80")], 1),
        ([STALE, response("b2" * 32)], 1),
        ([STALE, response(serial="80", ends=-HOUR)], 2),
    ],
)
def test_ocsp_responses_grow_stale(held, stale):
    """By certificate: the youngest counts, and what says revoked is never too old."""
    found = fetched(held, [], NOW)
    assert {f.problem for f in found} <= {Problem.OCSP_STALE}
    assert len(found) == stale


@pytest.mark.parametrize(
    ("good_at", "failure", "detail"),
    [
        (NOW - HOUR, None, None),
        (NOW - HOUR, "status 500", None),
        (NOW - 25 * HOUR, "status 500", f"{NOW - 25 * HOUR:%Y-%m-%d}: status 500"),
        (None, None, "never"),
        (None, "timeout", "never: timeout"),
    ],
)
def test_a_place_that_gives_no_list_and_no_response(good_at, failure, detail):
    """So also a response that never came: nothing is held that could grow stale."""
    source = RevocationSource("https://ocsp.example/MEUw", (), NOW - HOUR, good_at, failure)
    found = [(f.problem, f.place, f.detail) for f in fetched([], [source], NOW)]
    told = (Problem.REVOCATION_SOURCE_SILENT, source.url, detail)
    assert found == ([] if detail is None else [told])


def test_what_ocsp_tells_stands_beside_a_missing_list(sound):
    """The list is still missing: nothing is known of the others below that authority."""
    sound["authorities"]["crls"] = []
    (bare, *_) = [f for f in examine([checked(sound)], NOW) if f.problem is Problem.CRL_MISSING]
    authority = bare.place.split()[-1]
    answers = [response(authority), response(authority, "80", revoked=True)]
    fresh = examine([checked(sound)], NOW, [*answers, response(authority, "81", ends=-HOUR)])
    assert [f.detail for f in fresh if f.place == bare.place] == ["but OCSP of 2 certificates"]
    assert bare.detail == ""


def test_keys_end_and_a_successor_in_any_source_mends_it(sound):
    university, housing = sound["issuers"][2:4]
    (answering,) = [k for k in university["keys"] if k["kid"] == "university-answer"]
    answering["not_after"] = "2026-12-01T00:00:00Z"
    assert problems(checked(sound)) == {Problem.KEY_ENDS_SOON}
    assert Problem.KEY_EXPIRED in problems(checked(sound), now=NOW + 10 * DAY)
    (spare,) = [k for k in housing["keys"] if k["kid"] == "housing-answer-retired"]
    heir = spare | {"kid": "heir", "not_after": None}
    housing["keys"].remove(spare)
    bare = {**university, "keys": [heir]}
    assert problems(checked(sound), checked({"issuers": [bare]}, "nation")) == set()


def test_two_sources_that_differ(sound):
    other = copy.deepcopy(sound)
    assert problems(checked(sound), checked(other, "nation")) == set()
    other["issuers"][0]["title"]["zh"] = "另一个名称"
    other["license_types"][0]["max_status_age"] += 1
    found = examine([checked(sound), checked(other, "nation")], NOW)
    assert {f.problem for f in found} == {Problem.COLLISION}
    assert len(found) == 2


def test_one_key_under_two_owners(sound):
    other = copy.deepcopy(sound)
    one, two = other["issuers"][:2]
    two["keys"] = [one["keys"][0] | {"kid": "other"}]
    one["keys"] = []
    assert problems(checked(sound), checked(other, "nation")) == {Problem.COLLISION}


def test_an_issuer_without_endpoint(sound):
    issuer = next(i for i in sound["issuers"] if i.get("endpoint") and i["types"])
    code = issuer["code"]
    sound["delegations"] = [d for d in sound["delegations"] if d["from"] != code]
    before = problems(checked(sound))
    assert Problem.ISSUER_WITHOUT_ENDPOINT not in before
    for name in ("endpoint", "encryption_key", "platforms"):
        issuer.pop(name, None)
    assert Problem.ISSUER_WITHOUT_ENDPOINT in problems(checked(sound))


def test_an_issuer_that_another_took_over_needs_no_endpoint(sound):
    issuer, heir = [i for i in sound["issuers"] if i.get("endpoint") and i["types"]][:2]
    sound["delegations"] = [d for d in sound["delegations"] if d["from"] != issuer["code"]]
    for name in ("endpoint", "encryption_key", "platforms"):
        issuer.pop(name, None)
    assert Problem.ISSUER_WITHOUT_ENDPOINT in problems(checked(sound))
    since = "2026-01-01T00:00:00Z"
    issuer["succeeded_by"] = {"code": heir["code"], "from": since, "types": issuer["types"]}
    assert Problem.ISSUER_WITHOUT_ENDPOINT not in problems(checked(sound))


def test_an_issuer_without_key_or_seal(sound):
    issuer = next(i for i in sound["issuers"] if i["types"])
    sound["delegations"] = [d for d in sound["delegations"] if d["from"] != issuer["code"]]
    issuer["organisation_codes"] = {}
    assert Problem.ISSUER_WITHOUT_KEY not in problems(checked(sound))
    issuer["keys"] = []
    assert Problem.ISSUER_WITHOUT_KEY in problems(checked(sound))


def test_types_and_issuers_that_miss_each_other(sound):
    types = sound["license_types"]
    code = types[0]["code"]
    sound["license_types"] = types[1:]
    assert problems(checked(sound)) == {Problem.TYPE_UNDEFINED}
    sound["license_types"] = types
    for issuer in sound["issuers"]:
        issuer["types"] = [t for t in issuer["types"] if t != code]
        issuer.get("organisation_codes", {}).pop(code, None)
    assert Problem.TYPE_NOT_ISSUED in problems(checked(sound))


def test_weak_authorities_are_named(sound):
    from tests.trust.weak import weak_root

    sound["authorities"]["anchors"][0]["certificate"] = trustlist_b64(weak_root())
    found = [f for f in examine([checked(sound)], NOW) if f.problem is Problem.WEAK]
    assert {f.detail for f in found} == {"RSA of 1024 bits"}


@cache
def primes():
    """Four of 1024 bits."""
    made = [rsa.generate_private_key(65537, 2048).private_numbers() for _ in range(2)]
    return [prime for numbers in made for prime in (numbers.p, numbers.q)]


def rsa_key(name, n):
    material = base64.urlsafe_b64encode(n.to_bytes(256, "big")).rstrip(b"=").decode()
    jwk = {"kty": "RSA", "n": material, "e": "AQAB", "kid": name, "alg": "PS256"}
    window = {"not_before": "2020-01-01T00:00:00Z", "not_after": None}
    return {"kid": name, "alg": "PS256", "uses": ["answer"], "jwk": jwk, **window,
            "revoked_at": None, "reason": None}  # fmt: skip


@pytest.mark.parametrize("pair", [(0, 2), (0, 3), (1, 2)])
def test_attack_rsa_keys_that_share_a_prime(sound, pair):
    """Of two owners, in two sources: each by itself is a good key, and both are everybody's."""
    one, two = (primes()[at] for at in pair)
    shared = [rsa_key("one", primes()[0] * primes()[1]), rsa_key("two", one * two)]
    other = copy.deepcopy(sound)
    university, housing = sound["issuers"][2], other["issuers"][3]
    assert shared_primes([checked(sound), checked(other, "nation")]) == []
    university["keys"].append(shared[0])
    assert shared_primes([checked(sound), checked(other, "nation")]) == [], (
        "one alone shows nothing"
    )
    housing["keys"].append(shared[1])
    found = shared_primes([checked(sound), checked(other, "nation")])
    assert [(f.problem, f.place.split("/")[-1]) for f in found] == [
        (Problem.SHARED_PRIME, "one"),
        (Problem.SHARED_PRIME, "two"),
    ]


def test_the_same_rsa_key_in_two_sources_shares_nothing(sound):
    sound["issuers"][2]["keys"].append(rsa_key("one", primes()[0] * primes()[1]))
    assert shared_primes([checked(sound), checked(copy.deepcopy(sound), "nation")]) == []


def test_more_rsa_keys_than_are_compared_are_told_of(sound, monkeypatch):
    for at, n in enumerate((primes()[0] * primes()[1], primes()[2] * primes()[3])):
        sound["issuers"][2]["keys"].append(rsa_key(f"key-{at}", n))
    assert shared_primes([checked(sound)]) == []
    monkeypatch.setattr(doctor_primes, "MOST", 1)
    assert {f.problem for f in shared_primes([checked(sound)])} == {Problem.KEYS_NOT_COMPARED}


@pytest.mark.parametrize(
    ("moduli", "shared"),
    [
        ([], set()),
        ([15], set()),
        ([15, 15], set()),
        ([15, 77], set()),
        ([15, 21], {15, 21}),
        ([15, 21, 143], {15, 21}),
        ([15, 35, 143, 221, 437], {15, 35, 143, 221}),
        ([15, 35, 21], {15, 35, 21}),
    ],
)
def test_common_factors(moduli, shared):
    assert with_shared_primes(moduli) == shared


def test_every_problem_has_its_fix_in_both_languages():
    assert set(FIXES) == set(Problem)
    for zh, en in FIXES.values():
        assert not zh.isascii()
        assert en.isascii()


def test_every_endpoint_is_probed_once(sound):
    places = endpoints_of([checked(sound), checked(sound, "nation")])
    urls = [i["endpoint"] for i in sound["issuers"] if i.get("endpoint")]
    assert sorted(url for _, url, _ in places) == sorted(set(urls))
    assert all(networks == LOOPBACK for _, _, networks in places)


def test_a_list_server_is_probed_as_well(sound):
    server = checked({}, "nation", url="https://trust.example/lists", networks=LOOPBACK)
    assert endpoints_of([server]) == [
        ("nation", "https://trust.example/lists/latest.json", LOOPBACK)
    ]
