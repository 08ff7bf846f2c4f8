"""Writing an issuer's books: which licenses there are, in which scenario each of them stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType

from sandbox.bodies import BUSINESS, CONSTRUCTION, DEGREE, DRIVING, TYPES, Body, HeldKey, moment
from sandbox.codes import Identifier
from sandbox.holders import citizen, company
from sandbox.licenses import LONG_TERM, Event, Holder, License, State
from sandbox.stream import Stream

CYCLES = 4
"""How often an issuer goes through the plan below."""
SHARES: Mapping[str, int] = MappingProxyType(
    {
        "in_force": 8,
        "long_term": 3,
        "not_yet": 1,
        "suspended": 2,
        "resumed": 1,
        "expired": 2,
        "renewed": 1,
        "annulled": 1,
        "withdrawn": 1,
        "revoked": 1,
        "cancelled": 1,
        "superseded": 2,
        "void": 1,
        "retired_key": 1,
        "revoked_key": 1,
        "delegated": 1,
    }
)
"""Scenario → licenses in one cycle. `superseded` brings its successor, scenario `successor`."""

ENDINGS: Mapping[str, State] = MappingProxyType(
    {
        "annulled": State.ANNULLED,
        "withdrawn": State.WITHDRAWN,
        "revoked": State.REVOKED,
        "cancelled": State.CANCELLED,
        "void": State.VOID,
    }
)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where licenses of one type are made out: the issuer, and who may sign originals for it."""

    body: Body
    delegate: Body | None
    today: date

    def day(self, days: int) -> date:
        return self.today + timedelta(days=days)

    def signer(self, scenario: str) -> tuple[Body, HeldKey] | None:
        """None where this issuer has no such key or delegate."""
        match scenario:
            case "retired_key":
                return self.body, self.body.held("retired")
            case "revoked_key":
                stolen = [k for k in self.body.keys if k.revoked_at is not None]
                return (self.body, stolen[0]) if stolen else None
            case "delegated":
                return (self.delegate, self.delegate.held("current")) if self.delegate else None
            case _:
                return self.body, self.body.held("current")


def write_book(seed: int, desk: Desk) -> Iterator[License]:
    """All licenses of one issuer, successors included."""
    stream = Stream(seed, f"book/{desk.body.name}")
    plan = [name for _ in range(CYCLES) for name, count in SHARES.items() for _ in range(count)]
    for ordinal, wished in enumerate(plan, start=1):
        able = desk.signer(wished) is not None
        license = _license(stream, desk, wished if able else "in_force", ordinal)
        if license.scenario == "superseded":
            newer = _successor(license, desk)
            ended = Event(State.SUPERSEDED, newer.issued_on, successor=newer.id)
            yield replace(license, events=(ended,))
            yield newer
        else:
            yield license


def _license(stream: Stream, desk: Desk, scenario: str, ordinal: int) -> License:
    type = TYPES[desk.body.types[0]]
    issued = desk.day(-_age(stream, scenario))
    holder = citizen(stream, date(2000, 1, 1)) if type.code in PERSONAL else company(stream)
    valid_from, valid_until = _dates(stream, desk, scenario, type.code, issued)
    number, details = _particulars(
        stream, type.code, region=desk.body.region, holder=holder, issued=issued, ordinal=ordinal
    )
    signed = desk.signer(scenario)
    if signed is None:
        raise ValueError(f"{desk.body.name} has no key for {scenario}")
    signer, held = signed
    return License(
        identifier=Identifier(type.code, desk.body.code, f"{issued.year}{ordinal:06}", 1),
        number=number,
        name=type.name,
        holder=holder,
        issued_on=issued,
        valid_from=valid_from,
        valid_until=valid_until,
        signed_at=moment(issued),
        signer=signer.code,
        kid=held.kid,
        scenario=scenario,
        events=_events(stream, desk, scenario),
        renewed=scenario == "renewed",
        details=MappingProxyType(details),
    )


PERSONAL = frozenset({DRIVING, DEGREE})


def _age(stream: Stream, scenario: str) -> int:
    """Days since issue, such that the scenario's key was in use then."""
    match scenario:
        case "retired_key":
            return stream.between(800, 2000)
        case "revoked_key":
            return stream.between(300, 700)
        case "expired" | "renewed":
            return stream.between(450, 600)
        case "not_yet":
            return stream.between(5, 20)
        case _:
            return stream.between(210, 690)


def _dates(
    stream: Stream, desk: Desk, scenario: str, type: str, issued: date
) -> tuple[date, date | str | None]:
    later = desk.day(stream.between(90, 1200))
    match scenario:
        case "long_term":
            return issued, LONG_TERM
        case "not_yet":
            return desk.day(stream.between(20, 80)), desk.day(stream.between(400, 1200))
        case "expired" | "renewed":
            return issued, desk.day(-stream.between(10, 80))
        case _:
            return issued, None if type == DEGREE else later


def _events(stream: Stream, desk: Desk, scenario: str) -> tuple[Event, ...]:
    since = desk.day(-stream.between(10, 150))
    match scenario:
        case "suspended":
            return (Event(State.SUSPENDED, since, desk.day(stream.between(30, 200))),)
        case "resumed":
            return (Event(State.SUSPENDED, since, desk.day(-3)),)
        case _ if scenario in ENDINGS:
            return (Event(ENDINGS[scenario], since),)
        case _:
            return ()


def _particulars(
    stream: Stream, type: str, *, region: str, holder: Holder, issued: date, ordinal: int
) -> tuple[str, dict[str, str]]:
    """证照编号 in the manner of the type, and what else stands on the license."""
    match type:
        case t if t == BUSINESS:
            return holder.code, {
                "类型": "有限责任公司",
                "住所": f"云海省云海市雪岭路{stream.between(1, 300)}号（虚构）",
                "法定代表人": citizen(stream, date(1990, 1, 1)).name,
                "注册资本": f"{stream.between(1, 90) * 10}万元人民币",
                "经营范围": "藏毯、青稞制品的销售；高原文化旅游咨询服务。",
            }
        case t if t == DRIVING:
            return holder.code, {
                "准驾车型": stream.pick(("C1", "C2", "B2", "A1", "D")),
                "档案编号": f"{region}{stream.between(10**5, 10**6 - 1)}",
            }
        case t if t == DEGREE:
            return f"99632{stream.pick('234')}{issued.year}{ordinal:06}", {
                "学科门类": stream.pick(("理学", "工学", "农学", "法学", "管理学")),
                "学位": stream.pick(("学士", "硕士", "博士")),
            }
        case t if t == CONSTRUCTION:
            return f"{region}{issued:%Y%m%d}{ordinal:04}", {
                "工程名称": f"云海市{stream.pick(('体育馆', '水厂', '小学', '物流园'))}工程",
                "建设规模": f"{stream.between(1, 80) * 500}平方米",
                "合同工期": f"{stream.between(100, 900)}天",
            }
        case _:
            raise ValueError("a type nobody issues")


def _successor(old: License, desk: Desk) -> License:
    """换发: version +1, the same number and holder, signed by the issuer with today's key."""
    issued = desk.day(-60)
    current = desk.body.held("current")
    return replace(
        old,
        identifier=replace(old.identifier, version=old.identifier.version + 1),
        issued_on=issued,
        valid_from=issued,
        signed_at=moment(issued),
        signer=desk.body.code,
        kid=current.kid,
        scenario="successor",
        events=(),
    )
