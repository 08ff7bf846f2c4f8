"""Who issues, who signs for whom, and with which keys. All of it fiction.

云海省 (Yunhai) does not exist: its region codes 6399xx are assigned to nobody in GB/T 2260, so no
code or citizen number here can be that of a real body or person, though every check character is
right. Days are Beijing days; windows are relative to the day a world is made for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from types import MappingProxyType

from sandbox.codes import uscc
from sandbox.keys import Key, make_key

BEIJING = timezone(timedelta(hours=8))
PROVINCE = "639900"
CITY = "639901"
COUNTY = "639921"
AGENCY, INSTITUTION = "11", "12"
"""登记管理部门 and 机构类别: 机关, 事业单位."""

DEFINING = uscc(AGENCY, PROVINCE, "MB990001")
"""The fictional body that defines the four license types (证照定义机构)."""
BUSINESS, DRIVING, DEGREE, CONSTRUCTION = (f"{DEFINING}{n:03}" for n in (1, 2, 3, 4))


def moment(day: date, hour: int = 9) -> datetime:
    """That hour of a Beijing day, in UTC."""
    return datetime.combine(day, time(hour), BEIJING).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class LicenseType:
    code: str
    name: str
    name_en: str
    must_be_sealed: bool
    max_status_age: int
    """Seconds for which a stored statement may stand in for the issuer's answer."""
    fields: tuple[str, ...]


TYPES: Mapping[str, LicenseType] = MappingProxyType(
    {
        t.code: t
        for t in (
            LicenseType(
                BUSINESS, "营业执照", "Business license", True, 3600,
                ("统一社会信用代码", "名称", "类型", "住所", "法定代表人", "注册资本", "经营范围"),
            ),
            LicenseType(
                DRIVING, "机动车驾驶证", "Driving license", True, 600,
                ("证号", "姓名", "准驾车型", "档案编号", "有效期限"),
            ),
            LicenseType(
                DEGREE, "学位证书", "Degree certificate", False, 86400,
                ("证书编号", "姓名", "学科门类", "学位", "授予日期"),
            ),
            LicenseType(
                CONSTRUCTION, "建筑工程施工许可证", "Construction permit", True, 0,
                ("编号", "建设单位", "工程名称", "建设地址", "建设规模", "合同工期"),
            ),
        )
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key with the time it may be used in: `not_before` ≤ signing time < `not_after`."""

    kid: str
    uses: frozenset[str]
    """Of license, copy, answer."""
    key: Key
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None = None
    revocation_reason: str | None = None

    @property
    def alg(self) -> str:
        return self.key.alg

    def usable(self, at: datetime) -> bool:
        """Within its window, and not revoked by then."""
        live = self.revoked_at is None or at < self.revoked_at
        return live and self.not_before <= at < self.not_after


@dataclass(frozen=True, slots=True)
class Delegation:
    """The issuer lets another body do one kind of thing for some of its types."""

    issuer: str
    delegate: str
    types: tuple[str, ...]
    kinds: tuple[str, ...]
    """Of original, copy, answer."""
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Body:
    """An issuer, a delegate, or a stranger."""

    name: str
    """Short and ASCII, for command lines and files."""
    code: str
    title: str
    title_en: str
    region: str
    types: tuple[str, ...]
    keys: tuple[HeldKey, ...]
    answers: bool
    """It serves an endpoint."""
    registered: bool = True
    complete_index: bool = True
    """It remembers every file it issued, so an unknown digest is `differs`, not `unknown`."""

    def held(self, role: str) -> HeldKey:
        """The key whose kid ends in this role, e.g. `current`."""
        return next(k for k in self.keys if k.kid.endswith(f"-{role}"))

    def signing(self, use: str, at: datetime) -> HeldKey:
        """The key this body would use at that time: the newest usable one."""
        able = [k for k in self.keys if use in k.uses and k.usable(at)]
        return max(able, key=lambda k: k.not_before)


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """What a body's key is for and when, in days from the world's day."""

    role: str
    uses: tuple[str, ...]
    start: int
    end: int
    revoked: int | None = None
    reason: str | None = None


RETIRED = KeyPlan("retired", ("license",), -4000, -700)
CURRENT = KeyPlan("current", ("license",), -730, 1500)
FUTURE = KeyPlan("future", ("license",), 365, 3000)
STOLEN = KeyPlan("revoked", ("license",), -1200, 1500, -200, "key_compromise")
ANSWERING = KeyPlan("answer", ("answer",), -400, 1500)
ANSWERED = KeyPlan("answer-retired", ("answer",), -1500, -390)
BOTH = KeyPlan("current", ("license", "answer"), -730, 1500)
COPYING = KeyPlan("copy", ("copy",), -730, 1500)


@dataclass(frozen=True, slots=True)
class BodyPlan:
    name: str
    title: str
    title_en: str
    kind: str
    region: str
    organisation: str
    types: tuple[str, ...]
    alg: str
    keys: tuple[KeyPlan, ...]
    answers: bool = True
    registered: bool = True
    complete_index: bool = True


PLANS: tuple[BodyPlan, ...] = (
    BodyPlan(
        "market", "云海省市场监督管理局（虚构）",
        "Yunhai Provincial Administration for Market Regulation (fictional)",
        AGENCY, PROVINCE, "MB990101", (BUSINESS,), "SM2SM3",
        (RETIRED, CURRENT, FUTURE, STOLEN, ANSWERING, ANSWERED),
    ),
    BodyPlan(
        "traffic", "云海市公安局交通警察支队（虚构）",
        "Traffic Police of Yunhai City (fictional)",
        AGENCY, CITY, "MB990202", (DRIVING,), "ES256",
        (RETIRED, CURRENT, FUTURE, STOLEN, ANSWERING, ANSWERED),
        complete_index=False,
    ),
    BodyPlan(
        "university", "云海高原大学（虚构）", "Yunhai Plateau University (fictional)",
        INSTITUTION, PROVINCE, "MB990303", (DEGREE,), "EdDSA",
        (RETIRED, CURRENT, FUTURE, STOLEN, ANSWERING, ANSWERED),
    ),
    BodyPlan(
        "housing", "云海省住房和城乡建设厅（虚构）",
        "Yunhai Department of Housing and Urban-Rural Development (fictional)",
        AGENCY, PROVINCE, "MB990404", (CONSTRUCTION,), "PS256", (RETIRED, BOTH, ANSWERED),
        complete_index=False,
    ),
    BodyPlan(
        "city-housing", "云海市住房和城乡建设局（虚构）",
        "Housing and Construction Bureau of Yunhai City (fictional)",
        AGENCY, CITY, "MB990505", (), "SM2SM3", (CURRENT,), answers=False,
    ),
    BodyPlan(
        "data", "云海省数据局政务服务中心（虚构）",
        "Yunhai Data Bureau, government service centre (fictional)",
        AGENCY, PROVINCE, "MB990606", (), "ES256", (COPYING, ANSWERING, ANSWERED),
        complete_index=False,
    ),
    BodyPlan(
        "stranger", "雾谷市市场监督管理局（虚构、未登记）",
        "Market Regulation of Mist Valley (fictional, never registered)",
        AGENCY, COUNTY, "MB990707", (BUSINESS,), "ES256", (CURRENT,),
        answers=False, registered=False,
    ),
)  # fmt: skip
"""Four issuers, a delegate that signs originals, one that makes copies and answers, a stranger."""


def make_bodies(seed: int, today: date) -> tuple[Body, ...]:
    return tuple(_body(plan, seed, today) for plan in PLANS)


def _body(plan: BodyPlan, seed: int, today: date) -> Body:
    def held(key: KeyPlan) -> HeldKey:
        def day(days: int) -> datetime:
            return moment(today + timedelta(days=days), 0)

        kid = f"{plan.name}-{key.role}"
        revoked = None if key.revoked is None else day(key.revoked)
        made = make_key(plan.alg, seed, kid)
        uses = frozenset(key.uses)
        return HeldKey(kid, uses, made, day(key.start), day(key.end), revoked, key.reason)

    return Body(
        name=plan.name,
        code=uscc(plan.kind, plan.region, plan.organisation),
        title=plan.title,
        title_en=plan.title_en,
        region=plan.region,
        types=plan.types,
        keys=tuple(held(key) for key in plan.keys),
        answers=plan.answers,
        registered=plan.registered,
        complete_index=plan.complete_index,
    )


def make_delegations(bodies: tuple[Body, ...], today: date) -> tuple[Delegation, ...]:
    codes = {body.name: body.code for body in bodies}

    def between(start: int, end: int) -> tuple[datetime, datetime]:
        first, last = (moment(today + timedelta(days=days), 0) for days in (start, end))
        return first, last

    return (
        Delegation(
            codes["housing"], codes["city-housing"], (CONSTRUCTION,), ("original",),
            *between(-700, 1500),
        ),
        Delegation(
            codes["traffic"], codes["data"], (DRIVING,), ("copy", "answer"), *between(-700, 1500)
        ),
        Delegation(
            codes["market"], codes["data"], (BUSINESS,), ("copy",), *between(-700, 1500)
        ),
    )  # fmt: skip
