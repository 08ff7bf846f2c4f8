"""Mutual TLS (双向认证): a server that demands a certificate, and what becomes of questions to it.

Without the right one there is silence, whatever the server would say: never a word against a
license. Each negative stands beside the same question answered over the right certificate.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.domain.errors import Refused, Unavailable
from app.domain.identifier import IssuerCode
from app.domain.issuer import Answered, Silence, Unreachable
from app.domain.license import Claims, Fact
from app.federation.clients import FolderClients, read_client
from app.services.doctor import Problem, shown_certificates
from tests.federation.asking import gateway
from tests.federation.canary import connects
from tests.federation.hostile import (
    IDENTIFIER,
    ISSUER,
    RawIssuer,
    ScriptedResolver,
    endpoint,
    inquiry,
)
from tests.federation.test_gateway import Authority, _certificate

pytestmark = pytest.mark.anyio
CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def pem_of(key: Key, *certificates: x509.Certificate) -> bytes:
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates)


def certificate_of(
    authority: Authority, key: Key, *, days: int = 200, usage: Any = CLIENT, begins: int = 0
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "node of a test")])
    built = _certificate(subject, authority.certificate.subject, key.public_key(), days=days)
    if begins:
        built = _certificate(subject, authority.certificate.subject, key.public_key(), days=days)
        built._not_valid_before = (datetime.now(UTC) + timedelta(days=begins)).replace(tzinfo=None)
    if usage is not None:
        built = built.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    return built.sign(authority.key, hashes.SHA256())


def client_pem(authority: Authority, **changes: Any) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return pem_of(key, certificate_of(authority, key, **changes))


@dataclass
class Scene:
    """Servers' authority, clients' authority, and this node's key folder."""

    folder: Path
    servers: Authority = field(default_factory=Authority.new)
    callers: Authority = field(default_factory=Authority.new)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def server(self, *, demands: bool = True) -> ssl.SSLContext:
        context = self.servers.server(self.folder, "localhost")
        if demands:
            authority = self.callers.certificate.public_bytes(serialization.Encoding.PEM)
            context.load_verify_locations(cadata=authority.decode())
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def clients(self) -> FolderClients:
        return FolderClients(self.folder, self.now, lambda: self.servers.trusted)

    async def ask(self, raw: RawIssuer, **changes: Any) -> Any:
        asking = gateway(trust=self.servers.trusted, clients=self.clients())
        where = endpoint(raw.port, "localhost", "https", **changes)
        answer = await asking.ask(inquiry(where))
        await asking.aclose()
        return answer


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


async def test_the_right_certificate_is_let_in(scene: Scene):
    scene.clients().save(ISSUER, client_pem(scene.callers))
    async with RawIssuer(tls=scene.server()) as raw:
        answer = await scene.ask(raw)
        assert isinstance(answer, Answered), answer
        assert answer.authenticated


def of_another_authority(scene: Scene) -> None:
    scene.clients().save(ISSUER, client_pem(Authority.new()))


def for_another_body(scene: Scene) -> None:
    scene.clients().save(IssuerCode("639900"), client_pem(scene.callers))


def nothing(scene: Scene) -> None:
    del scene


def rubbish(scene: Scene) -> None:
    place = scene.folder / "clients" / f"{ISSUER}.pem"
    place.parent.mkdir()
    place.write_bytes(b"-----BEGIN NONSENSE-----")
    place.chmod(0o600)


def readable_by_others(scene: Scene) -> None:
    scene.clients().save(ISSUER, client_pem(scene.callers))
    (scene.folder / "clients" / f"{ISSUER}.pem").chmod(0o644)


def ended(scene: Scene) -> None:
    scene.clients().save(ISSUER, client_pem(scene.callers, days=2))
    scene.now = lambda: datetime.now(UTC) + timedelta(days=3)


def for_servers(scene: Scene) -> None:
    pem = client_pem(scene.callers, usage=(ExtendedKeyUsageOID.SERVER_AUTH,))
    place = scene.folder / "clients" / f"{ISSUER}.pem"
    place.parent.mkdir()
    place.write_bytes(pem)
    place.chmod(0o600)


WRONG = {
    of_another_authority: True, for_another_body: True, nothing: True,
    rubbish: False, readable_by_others: False, ended: False, for_servers: False,
}  # fmt: skip
"""Whether it comes as far as a connection: what cannot be used is not tried."""


@pytest.mark.parametrize("spoil", WRONG, ids=lambda each: each.__name__)
async def test_the_wrong_one_is_silence_and_no_word(scene: Scene, spoil: Callable[[Scene], None]):
    spoil(scene)
    async with RawIssuer(tls=scene.server()) as raw:
        with connects() as heard:
            answer = await scene.ask(raw)
        assert isinstance(answer, Unreachable), answer
        assert answer.why is Silence.CONNECTION
        assert bool(heard) is WRONG[spoil]
        assert raw.received == 0
        scene.now = lambda: datetime.now(UTC)
        scene.clients().save(ISSUER, client_pem(scene.callers))
        assert isinstance(await scene.ask(raw), Answered)


async def test_who_demands_none_is_asked_with_one_and_without(scene: Scene):
    async with RawIssuer(tls=scene.server(demands=False)) as raw:
        assert isinstance(await scene.ask(raw), Answered)
        scene.clients().save(ISSUER, client_pem(scene.callers))
        assert isinstance(await scene.ask(raw), Answered)


async def test_a_renewed_one_is_shown_at_once(scene: Scene):
    held = scene.clients()
    first = held.save(ISSUER, client_pem(scene.callers))
    async with RawIssuer(tls=scene.server()) as raw:
        asking = gateway(trust=scene.servers.trusted, clients=held)
        question = inquiry(endpoint(raw.port, "localhost", "https"))
        for _ in range(2):
            assert isinstance(await asking.ask(question), Answered)
        second = held.save(ISSUER, client_pem(scene.callers))
        for _ in range(2):
            assert isinstance(await asking.ask(question), Answered)
        assert first.version != second.version
        assert raw.connections == 2  # one for each certificate
        held.remove(ISSUER)
        answer = await asking.ask(question)
        await asking.aclose()
        assert isinstance(answer, Unreachable)


async def test_facts_go_in_clear_over_it_and_not_without(scene: Scene):
    """docs/ivp.md: over mutual TLS, or sealed."""
    claims = Claims(identifier=IDENTIFIER, holder="马某")
    async with RawIssuer(tls=scene.server(demands=False)) as raw:
        where = endpoint(raw.port, "localhost", "https")
        question = replace(inquiry(where), claims=claims, compare=frozenset({Fact.HOLDER}))
        asking = gateway(trust=scene.servers.trusted, clients=scene.clients())
        answer = await asking.ask(question)
        assert isinstance(answer, Unreachable)
        assert answer.why is Silence.PRIVATE_FACTS
        scene.clients().save(ISSUER, client_pem(scene.callers))
        answer = await asking.ask(question)
        await asking.aclose()
        assert not (isinstance(answer, Unreachable) and answer.why is Silence.PRIVATE_FACTS)
        assert raw.received > 0


async def test_the_rules_of_addresses_hold_as_ever(scene: Scene):
    scene.clients().save(ISSUER, client_pem(scene.callers))
    async with RawIssuer(tls=scene.server()) as raw:
        assert isinstance(await scene.ask(raw), Answered)
        for address in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"):
            resolver = ScriptedResolver((address,))
            asking = gateway(
                trust=scene.servers.trusted,
                clients=scene.clients(),
                resolver=lambda one=resolver: one,
            )
            where = endpoint(443, url="https://localhost.example/ivp", networks=())
            with connects() as heard:
                answer = await asking.ask(inquiry(where))
            await asking.aclose()
            assert isinstance(answer, Unreachable)
            assert (answer.why, heard) == (Silence.FORBIDDEN_ADDRESS, [])


# ---- saving


def other_key(scene: Scene) -> bytes:
    mine, theirs = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    return pem_of(mine, certificate_of(scene.callers, theirs))


def encrypted(scene: Scene) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"word"),
    )
    certificate = certificate_of(scene.callers, key)
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def small(scene: Scene) -> bytes:
    key = rsa.generate_private_key(65537, 1024)
    return pem_of(key, certificate_of(scene.callers, key))


def alone(scene: Scene) -> bytes:
    del scene
    return pem_of(ec.generate_private_key(ec.SECP256R1()))


def without_key(scene: Scene) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return certificate_of(scene.callers, key).public_bytes(serialization.Encoding.PEM)


REFUSED: dict[str, tuple[Callable[[Scene], bytes], str]] = {
    "another key": (other_key, "not the certificate's"),
    "encrypted": (encrypted, "unencrypted"),
    "a small key": (small, "2048"),
    "no certificate": (alone, "PEM file"),
    "no key": (without_key, "PEM file"),
    "nothing": (lambda scene: b"", "PEM file"),
    "rubbish": (lambda scene: b"\x00\xff" * 50, "PEM file"),
    "ended": (lambda scene: client_pem(scene.callers, days=-1), "ended"),
    "not yet": (lambda scene: client_pem(scene.callers, begins=5), "not hold yet"),
    "for servers": (
        lambda scene: client_pem(scene.callers, usage=(ExtendedKeyUsageOID.SERVER_AUTH,)),
        "clientAuth",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_is_not_kept(scene: Scene, name: str):
    make, words = REFUSED[name]
    held = scene.clients()
    good = held.save(ISSUER, client_pem(scene.callers))
    with pytest.raises(Refused, match=words):
        held.save(ISSUER, make(scene))
    kept = held.client(ISSUER)
    assert kept is not None
    assert kept.version == good.version
    assert [path.name for path in (scene.folder / "clients").iterdir()] == [f"{ISSUER}.pem"]


def test_it_is_kept_for_its_owner_alone(scene: Scene):
    scene.clients().save(ISSUER, client_pem(scene.callers))
    place = scene.folder / "clients" / f"{ISSUER}.pem"
    assert place.stat().st_mode & 0o777 == 0o600
    assert place.parent.stat().st_mode & 0o777 == 0o700


def test_a_chain_ends_with_its_first_end(scene: Scene):
    key = ec.generate_private_key(ec.SECP256R1())
    own = certificate_of(scene.callers, key, days=300)
    content = pem_of(key, own, scene.callers.certificate)
    assert read_client(content)[1] == scene.callers.certificate.not_valid_after_utc


def test_the_doctor_speaks_before_the_end(scene: Scene):
    held = scene.clients()
    held.save(ISSUER, client_pem(scene.callers, days=200))
    now = datetime.now(UTC)

    def found(at: datetime) -> list[Problem]:
        return [each.problem for each in shown_certificates(held.ends(), held.broken(), at)]

    assert found(now) == []
    assert found(now + timedelta(days=180)) == [Problem.CLIENT_CERTIFICATE_ENDS_SOON]
    assert found(now + timedelta(days=201)) == [Problem.CLIENT_CERTIFICATE_EXPIRED]
    (scene.folder / "clients" / "639900.pem").write_bytes(b"x")
    (scene.folder / "clients" / "639900.pem").chmod(0o600)
    assert found(now) == [Problem.CLIENT_CERTIFICATE_BROKEN]
    with pytest.raises(Unavailable):
        held.client(IssuerCode("639900"))
