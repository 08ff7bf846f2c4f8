"""OCSP responses that are held: which are kept, which are refused by name, and what they do.

Every refusal stands beside the good response, which the same source brings in the same test.
"""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha1
from urllib.parse import unquote

import pytest
from asn1crypto import ocsp
from sqlalchemy import select

from app.checks.measure_certificates import Judge
from app.crypto.certificates import read_certificate
from app.crypto.ocsp_request import request_path, serial_asked
from app.domain.certificate import RevocationState, Role
from app.domain.errors import Refused
from app.domain.trust import TrustQuestion
from app.federation.lists import Fetched
from app.models import OcspResponseRow
from app.registry import authorities, ocsp_responses, revocation_sources
from app.registry.ocsp_responses import KEPT
from app.registry.revocation_sources import RevocationSource
from app.registry.trust import PostgresRegistry
from app.services.ocsp_keeping import judged
from app.services.outcomes import Outcome
from app.services.revoking import Done, RevocationFetcher
from sandbox import der
from tests.crypto.test_ocsp import LEAF, OTHER, ROOT, UNKNOWN, Response, delegate, key_bits, revoked
from tests.registry.conftest import DAY, NOW
from tests.registry.test_revocation_sources import Mirror, _unlogged

pytestmark = pytest.mark.anyio
URL = "https://ocsp.example.cn/MFEw"
HOUR = timedelta(hours=1)
ANY_SEAL = TrustQuestion(None, None, None, frozenset(), None, sealed=True)
FRESH = Response(this_update=NOW - HOUR, produced=NOW - HOUR, next_update=NOW + DAY)


def good(**changes: object) -> bytes:
    return replace(FRESH, **changes).make()  # type: ignore[arg-type]


@pytest.fixture
async def known(database):
    entry = authorities.AuthoritiesEntry(anchors=(ROOT.anchor(),))
    async with database.writing() as session:
        await authorities.put_authorities(session, entry)
        await revocation_sources.follow(session, URL, ())
    return database


async def trusted(database):
    return (await PostgresRegistry(database, lambda: NOW).trust_for(ANY_SEAL)).authorities


async def fetched(database, content: bytes, url: str = URL) -> Done:
    fetcher = RevocationFetcher(
        database=database,
        lists=Mirror(Fetched(content)),
        known=lambda: trusted(database),
        clock=lambda: NOW,
        log=_unlogged,
    )
    return await fetcher.fetch(RevocationSource(url, ()))


async def held(database) -> set[bytes]:
    async with database.reading() as session:
        return set(await session.scalars(select(OcspResponseRow.der)))


async def word(database) -> tuple[RevocationState, object]:
    """What a verification says of the leaf today."""
    found = Judge(await trusted(database), NOW, None).facts(LEAF, Role.SIGNER, NOW)
    assert found is not None
    return found.today.revocation.state, found.today.revocation.reason


async def test_a_response_is_kept_once_and_a_verification_uses_it(known):
    assert (await word(known))[0] is RevocationState.UNKNOWN
    assert (await fetched(known, good())).outcome is Outcome.NEW
    assert (await word(known))[0] is RevocationState.GOOD
    assert (await fetched(known, good())).outcome is Outcome.HELD
    assert await held(known) == {good()}
    async with known.reading() as session:
        (source,) = await revocation_sources.sources(session)
    assert (source.good_at, source.failure) == (NOW, None)


async def test_a_responder_certified_for_it_is_believed(known):
    by, sent = delegate()
    assert (await fetched(known, good(by=by, certificates=sent))).outcome is Outcome.NEW
    assert (await word(known))[0] is RevocationState.GOOD


def _delegated(**how: object) -> bytes:
    by, sent = delegate(**how)
    return good(by=by, certificates=sent)


FLIPPED = good()[:-1] + bytes((good()[-1] ^ 1,))
REFUSED: list[tuple[str, Outcome, Callable[[], bytes]]] = [
    ("stale", Outcome.STALE, lambda: good(next_update=NOW - HOUR / 2)),
    ("endless", Outcome.STALE, lambda: good(next_update=None)),
    ("from the future", Outcome.FROM_FUTURE, lambda: good(this_update=NOW + HOUR)),
    ("made in the future", Outcome.FROM_FUTURE, lambda: good(produced=NOW + HOUR)),
    ("does not know it", Outcome.UNKNOWN, lambda: good(status=UNKNOWN)),
    ("of two", Outcome.SEVERAL, lambda: good(more=(replace(FRESH, serial=7).answer(),))),
    ("attack: another authority's word", Outcome.UNSIGNED, lambda: good(by=OTHER, about=OTHER)),
    ("attack: by another authority", Outcome.UNSIGNED, lambda: good(by=OTHER)),
    ("attack: by another key", Outcome.UNSIGNED, lambda: good(key=OTHER.key)),
    ("attack: one bit of the value", Outcome.UNSIGNED, lambda: FLIPPED),
    (
        "attack: by a responder certified for nothing of the kind",
        Outcome.UNSIGNED,
        lambda: _delegated(purposes=[]),
    ),
    ("cut", Outcome.UNREADABLE, lambda: good()[:-1]),
    ("tryLater", Outcome.UNREADABLE, lambda: der.sequence(der.tlv(0x0A, b"\x03"))),
]


@pytest.mark.parametrize(
    ("outcome", "content"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
async def test_what_is_not_kept_is_named_and_what_is_held_stays(known, outcome, content):
    assert (await fetched(known, good(this_update=NOW - 2 * HOUR))).outcome is Outcome.NEW
    before = await held(known)
    assert (await fetched(known, content())).outcome is outcome
    assert await held(known) == before
    assert (await word(known))[0] is RevocationState.GOOD


async def test_attack_an_older_good_is_not_put_over_a_younger(known):
    assert (await fetched(known, good())).outcome is Outcome.NEW
    assert (await fetched(known, good(this_update=NOW - DAY))).outcome is Outcome.OLDER
    assert await held(known) == {good()}


async def test_attack_good_after_revoked_does_not_bring_it_back(known):
    gone = good(status=revoked(NOW - DAY), this_update=NOW - 3 * HOUR)
    assert (await fetched(known, gone)).outcome is Outcome.NEW
    for hours in range(1, KEPT + 3):
        await fetched(known, good(this_update=NOW - 2 * HOUR + hours * HOUR / 8))
    assert gone in await held(known)
    assert (await word(known))[0] is RevocationState.REVOKED
    async with known.reading() as session:
        (told,) = [e for e in await ocsp_responses.list_responses(session) if e.revoked]
    async with known.writing() as session:
        await ocsp_responses.remove(session, told.sha256)
    assert (await word(known))[0] is RevocationState.GOOD, "by name, and by nothing else"
    with pytest.raises(Refused):
        async with known.writing() as session:
            await ocsp_responses.remove(session, told.sha256)


async def test_a_revocation_counts_at_any_age(known):
    old = good(status=revoked(NOW - 30 * DAY), this_update=NOW - 20 * DAY, next_update=None)
    assert (await fetched(known, old)).outcome is Outcome.NEW
    assert (await word(known))[0] is RevocationState.REVOKED


async def test_few_are_held_of_a_certificate_and_of_few_certificates(known, monkeypatch):
    for minutes in range(KEPT + 3):
        young = good(this_update=NOW - HOUR + timedelta(minutes=minutes))
        assert (await fetched(known, young)).outcome is Outcome.NEW
    assert len(await held(known)) == KEPT
    assert young in await held(known)
    monkeypatch.setattr(ocsp_responses, "MAX_CERTIFICATES", 2)
    assert (await fetched(known, good(serial=2))).outcome is Outcome.NEW
    assert (await fetched(known, good(serial=3))).outcome is Outcome.FULL
    assert (await fetched(known, good(serial=2, this_update=NOW))).outcome is Outcome.NEW


async def test_what_is_held_ages_by_its_own_dates(known):
    await fetched(known, good())
    held_then = await trusted(known)
    later = Judge(held_then, NOW + 2 * DAY, None).facts(LEAF, Role.SIGNER, NOW)
    assert later is not None
    assert later.today.revocation.state is RevocationState.UNKNOWN
    at = Judge(held_then, NOW, None).facts(LEAF, Role.SIGNER, NOW)
    assert at is not None
    assert at.today.revocation.state is RevocationState.GOOD, "judged again at the same time"


async def test_attack_the_answer_about_another_certificate_is_not_kept(known):
    """A stored answer of the same responder, replayed for a question about somebody else."""
    subject, issuer = read_certificate(LEAF), read_certificate(ROOT.der)
    url = f"https://ocsp.example.cn/{request_path(subject, issuer)}"
    async with known.writing() as session:
        await revocation_sources.follow(session, url, ())
    assert (await fetched(known, good(), url)).outcome is Outcome.NEW
    assert (await fetched(known, good(serial=7), url)).outcome is Outcome.OTHER
    assert await held(known) == {good()}


@pytest.mark.parametrize("url", [URL, "https://ocsp.example.cn/", "https://o/MAMCAQE%3D", "x/%ff"])
def test_a_url_that_asks_nothing(url: str) -> None:
    assert serial_asked(url) is None


def test_a_request_names_one_certificate_and_its_authority() -> None:
    subject, issuer = read_certificate(LEAF), read_certificate(ROOT.der)
    path = request_path(subject, issuer)
    asked = ocsp.OCSPRequest.load(base64.b64decode(unquote(path)))
    (one,) = asked["tbs_request"]["request_list"]
    assert one["req_cert"]["serial_number"].native == serial_asked(f"x/{path}") == subject.serial
    assert one["req_cert"]["issuer_name_hash"].native == sha1(ROOT.name).digest()
    assert one["req_cert"]["issuer_key_hash"].native == sha1(key_bits(ROOT)).digest()
    assert set(path) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%-_.~")


async def test_a_list_is_no_response_and_a_response_no_list(known):
    found = judged(b"", await trusted(known), NOW)
    assert isinstance(found, tuple)
    assert found[0] is Outcome.UNREADABLE
    assert (await fetched(known, b"0")).outcome is Outcome.UNREADABLE
