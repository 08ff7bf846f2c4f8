"""Secrets that exchange platforms give for a while (数据共享交换平台, appsecret)."""

from dataclasses import dataclass, field
from datetime import datetime

from app.domain.identifier import IssuerCode


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """Whose secret it is: one call at a time gives one anew."""

    issuer: IssuerCode
    base: str
    """Scheme, host and port."""
    refresh: str
    """Path where secrets are given out."""
    requester: str
    """As the platform names this node."""


@dataclass(frozen=True, slots=True)
class AppSecret:
    """As the platform gave it."""

    value: str = field(repr=False)
    ends: datetime
    renew: datetime
    """From when on a new one is asked for."""


@dataclass(frozen=True, slots=True)
class Shelved:
    """What the workers of a node have between them."""

    number: int
    """Secrets put there so far."""
    secret: AppSecret | None
    """None: none yet, or one that cannot be read any more."""
    busy: bool
    """Somebody is fetching the next one."""
