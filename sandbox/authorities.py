"""Certification authorities of 云海省 (fictional): a root, an issuing authority, odd branches.

    YUNHAI_ROOT_CA ── YUNHAI_SEAL_CA ── signing and encryption certificates of bodies
                   └─ one more authority for each way in which a chain or a list can be wrong
    YUNHAI_MAKER_ROOT ── YUNHAI_MAKER_CA ── the seal maker: an anchor for makers alone
    MIST_ROOT_CA      registered nowhere
    YUNHAI_TIME_CA    an anchor, but for timestamps
    YUNHAI_PAST_CA    an anchor that was taken off the list
    YUNHAI_OLD_CA     an anchor on P-256 that still signs with SHA-1
    YUNHAI_FREE_CA    an anchor that lets everybody choose O and OU
    YUNHAI_DOCUMENT_CA  an anchor for sealed documents that are no licenses

Windows are in days from the world's day, wide enough for every license in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property

from sandbox import der, pki
from sandbox.bodies import moment
from sandbox.keys import EcKey, Sm2Key, make_key
from sandbox.pki import AUTHORITY, CRL_SIGN, KEY_CERT_SIGN, Authority, ListPlan, Plan, Revoked

ROOT = pki.subject(C="CN", O="云海省密码管理局（虚构）", CN="YUNHAI_ROOT_CA")
MAKER_ROOT = pki.subject(C="CN", O="云海省公安厅（虚构）", CN="YUNHAI_MAKER_ROOT")
MAKER_CA = pki.subject(C="CN", O="云海省印章管理中心（虚构）", CN="YUNHAI_MAKER_CA")
SEAL_CA = pki.subject(C="CN", O="云海省电子政务认证中心（虚构）", CN="YUNHAI_SEAL_CA")
MIST_ROOT = pki.subject(C="CN", O="雾谷认证（虚构、未登记）", CN="MIST_ROOT_CA")

FROM, UNTIL = -4500, 4000
"""Days of the root."""
FRESH_FROM, FRESH_UNTIL = -1, 30
"""Days of a fresh revocation list: a world is made anew after a week."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Somebody with a certificate and the key that belongs to it."""

    certificate: bytes
    key: pki.SealKey


@dataclass(frozen=True, slots=True)
class Branch:
    """One more authority below the root, different from the careful one in a single respect."""

    bend: Callable[[Plan], Plan] = lambda plan: plan
    lists: Callable[[ListPlan], ListPlan | None] = lambda plan: plan
    """None: no list at all."""
    window: tuple[int, int] = (-4200, 3000)
    revoked: int | None = None
    """Day on which the root revokes it."""
    under_issuing: bool = False
    """Issued by the issuing authority, which may have no authority below itself."""
    making: bool = False
    """Below the root of the seal makers."""


def _name_constraints(plan: Plan) -> Plan:
    """Its certificates may only name a body of another province."""
    other = der.explicit(4, pki.name(pki.subject(C="CN", O="雾谷市")))
    subtrees = der.tlv(0xA0, der.sequence(other))
    extra = pki.extension("2.5.29.30", der.sequence(subtrees), critical=True)
    return replace(plan, extra=(extra,))


def _forever(plan: ListPlan) -> ListPlan:
    return replace(plan, next_update=None)


def _moved(days: int) -> Callable[[ListPlan], ListPlan]:
    def move(plan: ListPlan) -> ListPlan:
        until = plan.next_update
        later = timedelta(days=days)
        return replace(
            plan, this_update=plan.this_update + later, next_update=until and until + later
        )

    return move


def _more(*extra: bytes) -> Callable[[ListPlan], ListPlan]:
    return lambda plan: replace(plan, extra=extra)


BRANCHES: Mapping[str, Branch] = {
    # lists that say nothing
    "list_stale": Branch(lists=_moved(-400)),
    "list_absent": Branch(lists=lambda _: None),
    "list_from_future": Branch(lists=_moved(10)),
    "list_by_another": Branch(
        lists=lambda plan: replace(plan, key=pki.sm2_key(0, "nobody's list"))
    ),
    "list_without_right": Branch(bend=lambda plan: replace(plan, usage=frozenset({KEY_CERT_SIGN}))),
    "list_delta_only": Branch(lists=_more(pki.delta(1))),
    "list_for_authorities": Branch(lists=_more(pki.scope(2))),
    "list_indirect": Branch(lists=_more(pki.scope(4))),
    "list_unknown_critical": Branch(
        lists=_more(pki.extension("1.2.156.10197.9.9", der.null(), critical=True))
    ),
    "list_without_end": Branch(lists=_forever),
    # authorities that are none
    "not_an_authority": Branch(bend=lambda plan: replace(plan, ca=False)),
    "may_not_issue": Branch(bend=lambda plan: replace(plan, usage=frozenset({CRL_SIGN}))),
    "too_deep": Branch(under_issuing=True),
    "other_names_only": Branch(bend=_name_constraints),
    # authorities that were
    "authority_ended": Branch(window=(-4200, -100)),
    "authority_revoked": Branch(revoked=-100),
    "authority_revoked_early": Branch(revoked=-1500),
    # the same of seal makers
    "makers_without_list": Branch(lists=lambda _: None, making=True),
    "makers_revoked_early": Branch(revoked=-1500, making=True),
    # nothing wrong: its certificate has the serial of one that another authority revoked
    "serial_clash": Branch(),
}
"""Name → authority. What each must lead to stands in `ofd_attacks`."""


@dataclass
class Authorities:
    """All of them, for one seed and one day; made when asked for, always the same."""

    seed: int
    today: date
    revoked: tuple[Revoked, ...] = ()
    """What the issuing authority has revoked."""
    makers_revoked: tuple[Revoked, ...] = ()
    """What the seal makers' authority has revoked."""
    _branches: dict[str, Authority] = field(default_factory=dict, init=False)

    def day(self, days: int) -> datetime:
        return moment(self.today + timedelta(days=days), 0)

    def key(self, name: str) -> Sm2Key:
        return pki.sm2_key(self.seed, f"pki/{name}")

    def plan(self, name: str, subject: pki.Subject, spki: bytes, window: tuple[int, int]) -> Plan:
        return Plan(
            subject=subject,
            spki=spki,
            serial=pki.serial(self.seed, name),
            not_before=self.day(window[0]),
            not_after=self.day(window[1]),
        )

    def _root_of(
        self, name: str, subject: pki.Subject, window: tuple[int, int] = (FROM, UNTIL)
    ) -> Authority:
        key = self.key(name)
        plan = self.plan(name, subject, key.spki(), window)
        return pki.self_signed(replace(plan, ca=True, usage=AUTHORITY), key)

    @cached_property
    def root(self) -> Authority:
        return self._root_of("root", ROOT)

    @cached_property
    def maker_root(self) -> Authority:
        return self._root_of("maker-root", MAKER_ROOT)

    @cached_property
    def mist_root(self) -> Authority:
        return self._root_of("mist-root", MIST_ROOT)

    @cached_property
    def impostor(self) -> Authority:
        """Calls itself the issuing authority; has another key."""
        return self._root_of("impostor", SEAL_CA)

    @cached_property
    def time_root(self) -> Authority:
        return self._root_of("time-root", pki.subject(C="CN", CN="YUNHAI_TIME_CA"))

    @cached_property
    def past_root(self) -> Authority:
        return self._root_of("past-root", pki.subject(C="CN", CN="YUNHAI_PAST_CA"))

    @cached_property
    def free_root(self) -> Authority:
        return self._root_of("free-root", pki.subject(C="CN", CN="YUNHAI_FREE_CA"))

    @cached_property
    def documents(self) -> Authority:
        """Certifies those who seal contracts, proofs and invoices, and no issuer of licenses."""
        who = pki.subject(C="CN", O="云海企业认证中心（虚构）", CN="YUNHAI_DOCUMENT_CA")
        return self._root_of("document-root", who)

    @cached_property
    def documents_crl(self) -> bytes:
        return self.documents.crl(self.list_plan())

    @cached_property
    def old_root(self) -> Authority:
        key = make_key("ES256", self.seed, "pki/old-root")
        if not isinstance(key, EcKey):
            raise TypeError("P-256 is needed")
        who = pki.subject(C="CN", CN="YUNHAI_OLD_CA")
        plan = self.plan("old-root", who, key.spki(), (FROM, UNTIL))
        plan = replace(plan, ca=True, usage=AUTHORITY, algorithm=pki.ECDSA_WITH_SHA256)
        return pki.self_signed(plan, key)

    @cached_property
    def issuing(self) -> Authority:
        return self._below("issuing", SEAL_CA, Branch())

    @cached_property
    def making(self) -> Authority:
        """It certifies seal makers, and nobody else."""
        return self._below("making", MAKER_CA, Branch(making=True))

    def branch(self, name: str) -> Authority:
        """The authority of that name in `BRANCHES`."""
        if name not in self._branches:
            who = pki.subject(
                C="CN", O="云海省电子政务认证中心（虚构）", CN=f"YUNHAI_{name.upper()}"
            )
            self._branches[name] = self._below(name, who, BRANCHES[name])
        return self._branches[name]

    def _below(self, name: str, who: pki.Subject, branch: Branch) -> Authority:
        key = self.key(name)
        plan = self.plan(name, who, key.spki(), branch.window)
        plan = branch.bend(replace(plan, ca=True, path_length=0, usage=AUTHORITY))
        root = self.maker_root if branch.making else self.root
        parent = self.issuing if branch.under_issuing else root
        return Authority(who, key, parent.issue(plan))

    def unit(
        self,
        name: str,
        subject: pki.Subject,
        window: tuple[int, int],
        *,
        by: Authority | None = None,
        bend: Callable[[Plan], Plan] = lambda plan: plan,
        key: pki.SealKey | None = None,
    ) -> Unit:
        """A certificate by the issuing authority, or by another, with a key of its own."""
        own = key or self.key(name)
        plan = bend(self.plan(name, subject, own.spki(), window))
        return Unit((by or self.issuing).issue(plan), own)

    # ---- what an operator registers

    def list_plan(self) -> ListPlan:
        return ListPlan(
            this_update=self.day(FRESH_FROM),
            next_update=self.day(FRESH_UNTIL),
            keeps_expired_since=self.day(FROM),
        )

    @cached_property
    def root_crl(self) -> bytes:
        return self.root.crl(replace(self.list_plan(), revoked=self._gone(making=False)))

    @cached_property
    def maker_root_crl(self) -> bytes:
        return self.maker_root.crl(replace(self.list_plan(), revoked=self._gone(making=True)))

    def _gone(self, *, making: bool) -> tuple[Revoked, ...]:
        return tuple(
            Revoked(pki.serial(self.seed, name), self.day(branch.revoked), pki.CA_COMPROMISE)
            for name, branch in BRANCHES.items()
            if branch.revoked is not None and branch.making is making
        )

    @cached_property
    def making_crl(self) -> bytes:
        return self.making.crl(replace(self.list_plan(), revoked=self.makers_revoked))

    @cached_property
    def issuing_crl(self) -> bytes:
        return self.issuing.crl(replace(self.list_plan(), revoked=self.revoked))

    @cached_property
    def free_crl(self) -> bytes:
        return self.free_root.crl(self.list_plan())

    @cached_property
    def time_crl(self) -> bytes:
        """Of timestamp services: one ended long ago in order, one whose key was lost since."""
        revoked = (
            Revoked(pki.serial(self.seed, "t-revoked-early"), self.day(-1500), pki.CESSATION),
            Revoked(pki.serial(self.seed, "t-compromised"), self.day(-20), pki.KEY_COMPROMISE),
        )
        return self.time_root.crl(replace(self.list_plan(), revoked=revoked))

    @cached_property
    def stale_crl(self) -> bytes:
        """The issuing authority's list of a year ago, before anything was revoked."""
        return self.issuing.crl(_moved(-400)(self.list_plan()))

    @cached_property
    def branch_crls(self) -> tuple[bytes, ...]:
        made = []
        for name, branch in BRANCHES.items():
            plan = branch.lists(self.list_plan())
            if plan is not None:
                made.append(self.branch(name).crl(plan))
        return tuple(made)
