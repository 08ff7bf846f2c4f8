"""Everything there is, for one seed and one day: bodies, keys, licenses, copies, files.

The same seed and the same day give the same bytes on every machine. States are relative to the
day, so a demonstration never ages; pin `today` where bytes are compared.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from types import MappingProxyType

from sandbox import copies, day, ofd, pages, seals, tokens
from sandbox.authorities import Authorities
from sandbox.bodies import (
    Body,
    Delegation,
    HeldKey,
    make_bodies,
    make_delegations,
    moment,
)
from sandbox.books import Desk, write_book
from sandbox.copies import Copy
from sandbox.licenses import License
from sandbox.ofd import Job
from sandbox.seals import SealHolder, Seals
from sandbox.shapes import SHAPES, Shape
from sandbox.stream import Stream

COPIES_PER_ISSUER = 6
PURPOSES = (
    ("仅用于办理道路运输经营许可", "11639900MB9902027X3000118001000"),
    ("仅用于工程投标", None),
    ("仅用于入职登记", None),
)
"""加注事由, and its 事项编码 if it has one."""


class World:
    """Four issuers, two delegates, a stranger, and some five hundred licenses."""

    def __init__(self, seed: int = 1, today: date | None = None) -> None:
        self.seed = seed
        self.today = today or day.today()
        self.bodies = make_bodies(seed, self.today)
        self.delegations = make_delegations(self.bodies, self.today)
        self._tokens: dict[str, bytes] = {}

    @cached_property
    def licenses(self) -> tuple[License, ...]:
        return tuple(
            license
            for body in self.issuers
            for license in write_book(self.seed, Desk(body, self._signs_for(body), self.today))
        )

    @property
    def issuers(self) -> tuple[Body, ...]:
        """Registered bodies that issue licenses."""
        return tuple(body for body in self.bodies if body.types and body.registered)

    @property
    def registered(self) -> tuple[Body, ...]:
        return tuple(body for body in self.bodies if body.registered)

    @property
    def answering(self) -> tuple[Body, ...]:
        """Bodies that serve an endpoint, in the order of their ports."""
        return tuple(body for body in self.bodies if body.answers)

    def body(self, name_or_code: str) -> Body:
        return next(b for b in self.bodies if name_or_code in (b.name, b.code))

    @cached_property
    def by_identifier(self) -> Mapping[str, License]:
        return MappingProxyType({license.id: license for license in self.licenses})

    @cached_property
    def _by_number(self) -> Mapping[tuple[str, str], License]:
        """The newest version stands for the number."""
        ordered = sorted(self.licenses, key=lambda license: license.identifier.version)
        return MappingProxyType({(license.number, license.type): license for license in ordered})

    def find(self, number: str, type: str) -> License | None:
        return self._by_number.get((number, type))

    def code_of(self, license: License) -> str:
        """What its official QR code says of it: 128 bits that only its issuer can read."""
        made = hashlib.sha256(f"code/{self.seed}/{license.id}".encode()).digest()
        return base64.urlsafe_b64encode(made[:16]).rstrip(b"=").decode()

    @cached_property
    def by_code(self) -> Mapping[str, License]:
        return MappingProxyType({self.code_of(license): license for license in self.licenses})

    def of(self, issuer: str, scenario: str | None = None) -> tuple[License, ...]:
        """The licenses of one issuer, by its short name or code."""
        code = self.body(issuer).code
        return tuple(
            license
            for license in self.licenses
            if license.issuer == code and scenario in (None, license.scenario)
        )

    def pick(self, issuer: str, scenario: str = "in_force") -> License:
        """The first license of that issuer in that scenario."""
        return self.of(issuer, scenario)[0]

    def held(self, kid: str) -> HeldKey:
        return next(k for body in self.bodies for k in body.keys if k.kid == kid)

    def token(self, license: License) -> bytes:
        """The license's one token as its signer made it."""
        if license.id not in self._tokens:
            self._tokens[license.id] = tokens.license_token(license, self.held(license.kid))
        return self._tokens[license.id]

    # ---- sealed files

    @cached_property
    def authorities(self) -> Authorities:
        """The certification authorities of this world."""
        made = Authorities(self.seed, self.today)
        made.revoked = seals.revoked_seals(self.seed, self.bodies, made)
        made.makers_revoked = seals.revoked_makers(self.seed, made)
        return made

    @cached_property
    def seals(self) -> Seals:
        return Seals(self.authorities, self.bodies)

    def sealer(self, license: License) -> SealHolder:
        """Whose seal stands on this license: of the body and role that signed its token."""
        return self.seals.holders[license.kid]

    def made(self, license: License) -> pages.Made:
        """What a document of this license is made from."""
        return pages.made(license, self.body(license.issuer).title, self.token(license))

    def job(self, license: License) -> Job:
        """Its honest sealing."""
        return Job(holder=self.sealer(license), at=license.signed_at)

    def ofd(self, license: License, shape: Shape | str = "tax") -> bytes:
        """The license as a sealed OFD file, in the shape of one producer."""
        chosen = SHAPES[shape] if isinstance(shape, str) else shape
        return ofd.write(self.made(license), chosen, self.job(license))

    @cached_property
    def copies(self) -> tuple[Copy, ...]:
        """For each issuer with a delegate for copies: good ones and one that ran out."""
        made = [d for d in self.delegations if "copy" in d.kinds]
        return tuple(copy for delegation in made for copy in self._copies_of(delegation))

    def _copies_of(self, delegation: Delegation) -> Iterable[Copy]:
        stream = Stream(self.seed, f"copies/{delegation.issuer}")
        licenses = self.of(delegation.issuer, "in_force")[:COPIES_PER_ISSUER]
        for ordinal, license in enumerate(licenses):
            purpose, matter = stream.pick(PURPOSES)
            out = ordinal == COPIES_PER_ISSUER - 1
            days = -4 if out else stream.between(30, 300)
            yield Copy(
                license=license,
                maker=delegation.delegate,
                purpose=purpose,
                matter=matter,
                made_at=moment(self._day(-stream.between(5, 60))),
                expires=moment(self._day(days), 0),
            )

    def copy_token(self, copy: Copy) -> bytes:
        held = self.body(copy.maker).held("copy")
        return tokens.copy_token(
            copy.license,
            held,
            signed_at=copy.made_at,
            purpose=copy.purpose,
            matter=copy.matter,
            expires=copy.expires,
        )

    def copied(self, copy: Copy) -> pages.Made:
        """What the copy's document is made from."""
        return copies.copied(self.made(copy.license), copy, self.body(copy.maker).title)

    def copy_job(self, copy: Copy) -> Job:
        """Its sealing by the platform that made it."""
        holder = self.seals.holders[self.body(copy.maker).held("copy").kid]
        return Job(holder=holder, at=copy.made_at)

    def copy_ofd(self, copy: Copy, shape: Shape | str = "tax") -> bytes:
        """The copy as an OFD sealed anew, in the shape of one producer."""
        chosen = SHAPES[shape] if isinstance(shape, str) else shape
        return ofd.write(self.copied(copy), chosen, self.copy_job(copy))

    def files_of(self, license: License) -> tuple[bytes, ...]:
        """Every file issued for this license: its token and its copies."""
        copies = (self.copy_token(c) for c in self.copies if c.license.id == license.id)
        return (self.token(license), *copies)

    def _day(self, days: int) -> date:
        return date.fromordinal(self.today.toordinal() + days)

    def _signs_for(self, body: Body) -> Body | None:
        for d in self.delegations:
            if d.issuer == body.code and "original" in d.kinds:
                return self.body(d.delegate)
        return None
