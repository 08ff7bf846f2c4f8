"""Attacks by the signer's certificate: its role, dates, authorities, revocation, name."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from sandbox import der, pki
from sandbox.authorities import Unit
from sandbox.bodies import Body
from sandbox.ofd_forging import Forge, OfdAttack, Scene, attack, sealed_by, with_unit
from sandbox.pki import CRL_SIGN, ENCRYPTION, KEY_CERT_SIGN, Authority, Plan
from sandbox.seals import subject_of

WINDOW = (-730, 1500)
_BIG = 17_000
"""Octets of an extension that makes a certificate larger than any may be."""


def unit_of(
    name: str,
    bend: Callable[[Plan], Plan] = lambda plan: plan,
    *,
    by: Callable[[Scene], Authority] | None = None,
    window: tuple[int, int] = WINDOW,
    who: Callable[[Scene], pki.Subject] | None = None,
) -> Callable[[Scene], Unit]:
    """A certificate for the issuer's own seal, bent in one respect."""

    def unit(scene: Scene) -> Unit:
        holder = scene.job.holder
        subject = who(scene) if who else subject_of(holder.body, holder.code)
        authority = by(scene) if by else None
        return scene.world.authorities.unit(name, subject, window, by=authority, bend=bend)

    return unit


def _usage(*bits: int) -> Callable[[Plan], Plan]:
    return lambda plan: replace(plan, usage=frozenset(bits))


def _purposes(*oids: str) -> Callable[[Plan], Plan]:
    return lambda plan: replace(plan, purposes=oids)


def _extra(*extensions: bytes) -> Callable[[Plan], Plan]:
    return lambda plan: replace(plan, extra=extensions)


def _encryption(scene: Scene) -> Unit:
    return scene.job.holder.encryption


def _authority_itself(scene: Scene) -> Unit:
    issuing = scene.world.authorities.issuing
    return Unit(issuing.certificate, issuing.key)


def roles() -> Iterator[OfdAttack]:
    """双证书 and other uses (CRT-06), certificates not to rely on (CRT-09)."""
    for name, unit in (
        ("encryption", _encryption),
        ("encipherment", unit_of("s-enc", lambda plan: replace(plan, usage=ENCRYPTION))),
        ("no_usage", unit_of("s-none", lambda plan: replace(plan, usage=None))),
        ("usage_empty", unit_of("s-empty", _usage())),
        ("lists_only", unit_of("s-crl", _usage(CRL_SIGN))),
        ("issues_only", unit_of("s-ca", _usage(KEY_CERT_SIGN))),
        ("web_server", unit_of("s-web", _purposes(pki.SERVER_AUTHENTICATION))),
        ("time_stamping", unit_of("s-tsa", _purposes(pki.TIME_STAMPING))),
        ("authority", _authority_itself),
        ("calls_itself_authority", unit_of("s-isca", lambda plan: replace(plan, ca=True))),
    ):
        also = ("signer_unidentified", "signer_not_issuer")
        yield attack(f"signer_{name}", "certificate_unfit", "CRT-06", with_unit(unit), also=also)
    key_usage = pki.extension("2.5.29.15", der.named_bits({0}), critical=True)
    unknown = pki.extension("1.2.156.10197.9.9", der.null(), critical=True)
    for name, unit in (
        ("version_1", unit_of("s-v1", lambda plan: replace(plan, version=None))),
        ("serial_negative", unit_of("s-neg", lambda plan: replace(plan, serial=-plan.serial))),
        ("serial_zero", unit_of("s-zero", lambda plan: replace(plan, serial=0))),
        ("serial_long", unit_of("s-long", lambda plan: replace(plan, serial=1 << 176))),
        ("extension_twice", unit_of("s-dup", _extra(key_usage))),
        ("unknown_critical", unit_of("s-crit", _extra(unknown))),
        (
            "algorithms_differ",
            unit_of("s-alg", lambda plan: replace(plan, outer_algorithm=pki.ECDSA_WITH_SHA256)),
        ),
    ):
        also = ("signature_unreadable", "no_anchor")
        forge = with_unit(unit)
        yield attack(f"signer_{name}", "certificate_unfit", "CRT-09", forge, also=also)


def _reencoded(change: Callable[[bytes], bytes]) -> Callable[[Scene], Unit]:
    """The genuine certificate, spelled so that no strict reader takes it."""

    def unit(scene: Scene) -> Unit:
        genuine = scene.job.holder.unit
        return Unit(change(genuine.certificate), genuine.key)

    return unit


def _off_curve(plan: Plan) -> Plan:
    return replace(plan, spki=plan.spki[:-1] + bytes((plan.spki[-1] ^ 1,)))


def unreadable() -> Iterator[OfdAttack]:
    """Certificates beyond DER and limits (CRT-13), keys that are none (SM-05)."""
    also = ("certificate_unfit", "signature_invalid")
    big = pki.extension("1.2.156.10197.9.8", der.octet_string(bytes(_BIG)))
    for name, threats, unit in (
        ("trailing_byte", "CRT-13", _reencoded(lambda c: c + b"\x00")),
        ("cut", "CRT-13", _reencoded(lambda c: c[:-1])),
        ("indefinite", "CRT-13", _reencoded(lambda c: b"\x30\x80" + c[4:] + b"\x00\x00")),
        ("too_large", "CRT-13", unit_of("s-big", _extra(big))),
        ("garbage", "CRT-13", _reencoded(lambda _: b"\x30\x00")),
    ):
        forge = with_unit(unit)
        # Larger than a verifier need read is doubt; all others are damage.
        reason = "beyond_limits" if name == "too_large" else "signature_unreadable"
        yield attack(f"certificate_{name}", reason, threats, forge, also=also)
    yield attack(
        "key_off_curve",
        "signature_invalid",
        "SM-05",
        with_unit(unit_of("s-off", _off_curve)),
        also=("certificate_unfit", "signature_unreadable"),
    )


# ---- authorities


def _branch(name: str, window: tuple[int, int] = WINDOW) -> Forge:
    return with_unit(
        unit_of(f"s-{name}", by=lambda scene: scene.world.authorities.branch(name), window=window)
    )


_NO_WORD = (
    "list_stale",
    "list_absent",
    "list_from_future",
    "list_by_another",
    "list_without_right",
    "list_delta_only",
    "list_for_authorities",
    "list_indirect",
    "list_unknown_critical",
    "list_without_end",
)
_NO_PATH = ("not_an_authority", "may_not_issue", "too_deep", "other_names_only")


def chains() -> Iterator[OfdAttack]:
    for name in _NO_WORD:
        yield attack(name, "revocation_unavailable", "CRT-07", _branch(name))
    threats = {"other_names_only": "CRT-03", "too_deep": "CRT-02"}
    for name in _NO_PATH:
        threat, forge = threats.get(name, "CRT-01"), _branch(name)
        yield attack(name, "certificate_unfit", threat, forge, also=("no_anchor",))
    yield attack(
        "authority_ended", "key_expired_since", "CRT-04 OFD-20", _branch("authority_ended")
    )
    yield attack("authority_revoked", "key_revoked_since", "CRT-07", _branch("authority_revoked"))
    early = _branch("authority_revoked_early")
    yield attack("authority_revoked_early", "signed_after_revocation", "CRT-07", early)
    for name, by in (
        ("chain_of_ones_own", lambda scene: scene.world.authorities.mist_root),
        ("chain_of_a_namesake", lambda scene: scene.world.authorities.impostor),
        ("chain_for_timestamps", lambda scene: scene.world.authorities.time_root),
        ("chain_to_a_past_anchor", lambda scene: scene.world.authorities.past_root),
        ("chain_through_a_body", _body_as_authority),
    ):
        also = ("certificate_unfit", "signer_unidentified")
        forge = with_unit(unit_of(f"s-{name}", by=by))
        yield attack(name, "no_anchor", "CRT-14 OFD-13", forge, also=also)
    yield attack("signs_for_itself", "no_anchor", "CRT-14", with_unit(_self_signed))
    yield attack("chain_by_sha1", "weak_algorithm", "CRT-10", with_unit(_by_sha1))


def _body_as_authority(scene: Scene) -> Authority:
    """The university's signing certificate, used to issue another."""
    holder = scene.world.seals.holders["university-current"]
    return Authority(subject_of(holder.body, holder.code), holder.unit.key, b"")


def _self_signed(scene: Scene) -> Unit:
    made, holder = scene.world.authorities, scene.job.holder
    key = made.key("s-self")
    plan = made.plan("s-self", subject_of(holder.body, holder.code), key.spki(), WINDOW)
    return Unit(pki.self_signed(plan, key).certificate, key)


def _by_sha1(scene: Scene) -> Unit:
    return unit_of(
        "s-sha1",
        lambda plan: replace(plan, algorithm=pki.ECDSA_WITH_SHA1),
        by=lambda scene: scene.world.authorities.old_root,
    )(scene)


# ---- dates and revocation of the signer


def times() -> Iterator[OfdAttack]:
    outside = "signed_outside_window", "CRT-04 OFD-19"
    yield attack(
        "signed_before_certificate", *outside, with_unit(unit_of("s-b", window=(-150, 900)))
    )
    yield attack(
        "signed_after_certificate", *outside, with_unit(unit_of("s-a", window=(-2000, -715)))
    )
    ended = "key_expired_since", "OFD-20 CRT-04"
    yield attack("certificate_ended_since", *ended, with_unit(unit_of("s-e", window=(-730, -1))))
    retired = sealed_by("traffic-retired", at=-1000)
    yield attack("retired_seal", *ended, retired, also=("seal_ended_since",))
    since = "key_revoked_since", "CRT-07"
    yield attack("revoked_seal_backdated", *since, sealed_by("traffic-revoked", at=-300))
    yield attack("certificate_on_hold", *since, with_unit(unit_of("held")))
    late = "signed_after_revocation", "CRT-07"
    yield attack("revoked_seal_used", *late, sealed_by("traffic-revoked", at=-100))
    yield attack("superseded_certificate", *late, with_unit(unit_of("replaced")))


# ---- who it is


def _called(organisation: Callable[[Body, Body], str]) -> Forge:
    """A genuine certificate of the issuing authority, for a body that calls itself like ours."""

    def who(scene: Scene) -> pki.Subject:
        holder = scene.job.holder
        other = scene.world.body("university")
        return pki.subject(C="CN", O=organisation(holder.body, other), CN=holder.code)

    return with_unit(unit_of("s-called", who=who))


def owners() -> Iterator[OfdAttack]:
    """By code, never by name (CRT-11): 谁签章、谁核验."""
    words = "signer_not_issuer", "CRT-11"
    for name, holder in (
        ("university", "university-current"),
        ("market", "market-current"),
        ("others_delegate", "city-housing-current"),
    ):
        yield attack(f"sealed_by_{name}", *words, sealed_by(holder))
    yield attack(
        "others_code_our_name", *words, _called(lambda ours, other: other.code + ours.title)
    )
    stranger = with_unit(unit_of("s-stranger", who=_strangers_code))
    yield attack("unregistered_code", *words, stranger, also=("signer_unidentified",))
    nobody = "signer_unidentified"
    for name, who in (
        ("code_in_organisational_unit", _in_unit),
        ("code_in_common_name", _in_common_name),
    ):
        forge = with_unit(unit_of(f"s-{name}", who=who))
        yield attack(f"owner_{name}", nobody, "CRT-11", forge, also=("signer_not_issuer",))
    chosen = with_unit(unit_of("s-chosen", by=lambda scene: scene.world.authorities.free_root))
    yield attack(
        "owner_chosen_by_the_subject", nobody, "CRT-11", chosen, also=("signer_not_issuer",)
    )
    for name, spelled in (
        ("no_code", lambda ours, _: ours.title),
        ("code_broken_up", lambda ours, _: ours.code[:9] + "\u200b" + ours.code[9:] + ours.title),
        ("code_full_width", lambda ours, _: _wide(ours.code) + ours.title),
        ("code_too_long", lambda ours, _: "1" + ours.code + ours.title),
    ):
        forge = _called(spelled)
        yield attack(f"owner_{name}", nobody, "CRT-11", forge, also=("signer_not_issuer",))
    copied = sealed_by("data-copy")
    yield attack("copy_delegate_seals_original", "copy_expiry_missing", "OFD-10", copied)


def _in_unit(scene: Scene) -> pki.Subject:
    """A firm whose department is called like the issuer."""
    holder = scene.job.holder
    return pki.subject(C="CN", O="云海某商贸公司（虚构）", OU=f"部门 {holder.body.code}", CN="x")


def _in_common_name(scene: Scene) -> pki.Subject:
    code = scene.job.holder.body.code
    return pki.subject(C="CN", O="云海某商贸公司（虚构）", CN=code)


def _strangers_code(scene: Scene) -> pki.Subject:
    body = scene.world.body("stranger")
    return pki.subject(C="CN", O=body.code + scene.job.holder.body.title, CN="63992100000001")


def _wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) for c in text)


def attacks() -> Iterator[OfdAttack]:
    """All of this module."""
    for family in (roles, unreadable, chains, times, owners):
        yield from family()
