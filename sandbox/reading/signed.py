"""SignedData of GB/T 35275 and RFC 5652, and timestamp tokens (RFC 3161, GB/T 20520), by SM2."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.reading.der import Unreadable, Value, read
from sandbox.reading.keys import certificate, holds
from sandbox.sm2 import sm3

_SIGNED = ("1.2.156.10197.6.1.4.2.2", "1.2.840.113549.1.7.2")
_TST_INFO = "1.2.840.113549.1.9.16.1.4"
_SM3 = "1.2.156.10197.1.401"
_PKCS9 = "1.2.840.113549.1.9."
_SECONDS_APART = timedelta(minutes=1)
"""By which the clocks of signer and service may differ."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A container with its one signer."""

    kind: str
    content: bytes | None
    """What is encapsulated; None: it is elsewhere."""
    digest: str
    attributes: bytes | None
    """As the SET OF that is signed."""
    message_digest: bytes | None
    at: datetime | None
    algorithm: str
    value: bytes
    certificate: bytes | None
    token: bytes | None
    """A timestamp over the value."""

    @property
    def message(self) -> bytes | None:
        """What was signed, where the container holds it."""
        return self.content if self.attributes is None else self.attributes

    def about(self, content: bytes) -> bool:
        """Whether it speaks of `content`, by SM3: itself, its digest, or that in base64."""
        if self.digest != _SM3:
            return False
        digest = sm3(content)
        if self.content is None:
            return self.message_digest in (None, digest)
        spelled = self.content in (content, digest, base64.b64encode(digest))
        return spelled and self.message_digest in (None, sm3(self.content))

    def holds(self, content: bytes) -> bool:
        """The value is the certificate's over the attributes, else over what is signed."""
        if self.certificate is None or self.digest != _SM3:
            return False
        message = content if self.message is None else self.message
        return holds(self.certificate, self.algorithm, message, self.value)


def signed(der: bytes) -> Signed:
    """ContentInfo with SignedData by one signer.

    Raises:
        Unreadable: none, or nobody signed, or several did.
    """
    outer = read(der).expect(0x30, "ContentInfo").children()
    if len(outer) != 2 or outer[0].oid() not in _SIGNED:
        raise Unreadable("ContentInfo: not SignedData")
    _, _, encapsulated, *more = outer[1].children()[0].expect(0x30, "SignedData").children()
    kind, *content = encapsulated.children()
    held = [v.raw for tagged in more if tagged.tag == 0xA0 for v in tagged.children()]
    signers = more[-1].expect(0x31, "signerInfos").children()
    if len(signers) != 1:
        raise Unreadable(f"signerInfos: {len(signers)} signers")
    info = signers[0].children()
    named, digest, rest = info[1], info[2].children()[0].oid(), info[3:]
    attributes = rest.pop(0) if rest[0].tag == 0xA0 else None
    told = _attributes(attributes)
    algorithm, value, *unsigned = rest
    moments = told.get("5")
    digests = told.get("4")
    tokens = _attributes(unsigned[0]).get("16.2.14") if unsigned else None
    return Signed(
        kind=kind.oid(),
        content=content[0].children()[0].octets() if content else None,
        digest=digest,
        attributes=None if attributes is None else b"\x31" + attributes.raw[1:],
        message_digest=digests.octets() if digests else None,
        at=moments.time() if moments else None,
        algorithm=algorithm.children()[0].oid(),
        value=value.octets(),
        certificate=_own(named, held),
        token=tokens.raw if tokens else None,
    )


def _attributes(tagged: Value | None) -> dict[str, Value]:
    """Attributes of PKCS #9 by the end of their identifier, each with its one value."""
    found: dict[str, Value] = {}
    for each in tagged.children() if tagged else ():
        name, values = each.children()
        found[name.oid().removeprefix(_PKCS9)] = values.children()[0]
    return found


def _own(named: Value, held: list[bytes]) -> bytes | None:
    """The certificate of that issuer and serial number."""
    issuer, serial = named.children()
    for der in held:
        body = read(der).children()[0].children()
        at = 1 if body[0].tag == 0xA0 else 0
        if (body[at + 2].raw, body[at].raw) == (issuer.raw, serial.raw):
            return der
    return None


def stamp_fault(token: bytes, stamped: bytes | None, claimed: datetime | None) -> str | None:
    """What is wrong with a timestamp token; None: nothing that can be told without a registry.

    Args:
        token: as found.
        stamped: what it has to be about; None: that is left open (timeInfo of GM/T 0031-2014).
        claimed: the act cannot be later than its timestamp.
    """
    try:
        container = signed(token)
        if container.kind != _TST_INFO or container.content is None:
            return "not a timestamp token"
        _, _, imprint, _, moment, *_ = read(container.content).children()
        algorithm, digest = imprint.children()
        at = moment.time()
        if container.certificate is None:
            return "without the certificate of its service"
        service = certificate(container.certificate)
        value_holds = container.about(container.content) and container.holds(b"")
    except ValueError as exc:
        return str(exc)
    if not value_holds:
        return "its value does not hold"
    if stamped is not None and (
        algorithm.children()[0].oid() != _SM3 or digest.octets() != sm3(stamped)
    ):
        return "of something else"
    if not service.stamps:
        return "by a certificate that is not for timestamps alone"
    if not service.not_before <= at <= service.not_after:
        return "by a service outside its dates"
    if claimed is not None and at + _SECONDS_APART < claimed:
        return "older than the act"
    return None


def stamp_time(token: bytes) -> datetime:
    """GenTime.

    Raises:
        Unreadable: no token.
    """
    content = signed(token).content
    if content is None:
        raise Unreadable("a token without content")
    return read(content).children()[4].time()
