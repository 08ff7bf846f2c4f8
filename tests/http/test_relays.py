"""An issuer's own node, whole and over PostgreSQL, that could ask its delegate and does not
(docs/adr/0018): what others say never becomes the issuer's word by its signature.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass

import pytest

from app.domain.issuer import PeerScope
from app.registry.catalogue import import_registration
from sandbox.licenses import License
from sandbox.serve import Servers
from tests.http.test_federation import INQUIRIES, Member, _payload, answer_keys, started, told
from tests.service import LOOPBACK, run_sql


@dataclass
class Two:
    """A city that verifies, and the bureau that issued."""

    city: Member
    bureau: Member


@pytest.fixture(scope="module")
def two(
    database_url: str, sandbox_issuers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Two]:
    """The traffic police has a node of its own, and a delegate for answers with an endpoint."""
    code = sandbox_issuers.world.pick("traffic").issuer
    with ExitStack() as stack:
        city, bureau = (
            started(stack, database_url, tmp_path_factory.mktemp(name), body, name)
            for body, name in (("639810", "city"), (code, "bureau"))
        )
        whole = sandbox_issuers.registration()
        at_bureau, at_city = deepcopy(whole), deepcopy(whole)
        (own,) = (body for body in at_bureau["issuers"] if body["code"] == code)
        del own["endpoint"], own["encryption_key"]
        (known,) = (body for body in at_city["issuers"] if body["code"] == code)
        known["endpoint"] = bureau.url + INQUIRIES
        known["keys"] += answer_keys(bureau)
        for member, document in ((bureau, at_bureau), (city, at_city)):
            member.write(lambda s, d=document: import_registration(s, d, networks=LOOPBACK))
        bureau.know(city, PeerScope.ASK)
        sandbox_issuers.nodes.add({"node": bureau.id, "keys": bureau.jwks})
        yield Two(city, bureau)


@pytest.fixture
def license(sandbox_issuers: Servers) -> Iterator[License]:
    yield sandbox_issuers.world.of("traffic", "in_force")[3]
    sandbox_issuers.reset()


def test_what_a_delegate_says_does_not_become_the_issuers_word(two, sandbox_issuers, license):
    before = sandbox_issuers.requests
    answer = _payload(two.bureau.ask(two.city.inquiry(two.bureau.code, license.id)).content)
    assert (answer["iss"], answer["outcome"]) == (license.issuer, 4)
    assert not {"relayed", "unsigned"} & answer.keys()
    assert sandbox_issuers.requests == before  # nobody was asked in its stead
    report = two.city.verify(sandbox_issuers.world.token(license))
    assert (report["conclusion"], report["answer"]["said"]["speaker"]) == (
        "indeterminate",
        "issuer",
    )


def test_what_was_pushed_to_the_issuers_node_is_its_word(two, sandbox_issuers):
    """The twin: told by its own books, it says so, and the city hears the issuer."""
    license = sandbox_issuers.world.of("traffic", "in_force")[4]
    run_sql(
        two.bureau.database_url,
        "INSERT INTO license (identifier, type, issuer) VALUES ($1, $2, $3)",
        *(license.id, license.type, license.issuer),
    )
    told(two.bureau, license.id, "issued")
    report = two.city.verify(sandbox_issuers.world.token(license))
    assert report["conclusion"] == "valid", report["reason"]
    said = report["answer"]["said"]
    assert (said["speaker"], said["signed"], said["relayed_by"]) == ("issuer", True, None)
