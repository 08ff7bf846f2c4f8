"""Attacks by the seal maker's (制章者) certificate, which is judged at the seal's createDate."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from sandbox import pki
from sandbox.authorities import Authorities, Unit
from sandbox.ofd_attacks_seal import MAKER
from sandbox.ofd_forging import Forge, OfdAttack, Scene, attack, seal_bent
from sandbox.pki import ENCRYPTION, Plan
from sandbox.seals import MAKER_WINDOW


def _maker(unit: Callable[[Authorities], Unit]) -> Forge:
    """The same seal by another maker."""
    return _made_by(lambda scene: unit(scene.world.authorities))


def _made_by(unit: Callable[[Scene], Unit]) -> Forge:
    def forge(scene: Scene) -> bytes:
        maker = unit(scene)
        return seal_bent(lambda plan: replace(plan, maker=maker))(scene)

    return forge


def maker_with(
    name: str,
    bend: Callable[[Plan], Plan] = lambda plan: plan,
    *,
    window: tuple[int, int] = MAKER_WINDOW,
    branch: str | None = None,
) -> Forge:
    def unit(made: Authorities) -> Unit:
        by = made.branch(branch) if branch else made.making
        return made.unit(name, MAKER, window, bend=bend, by=by)

    return _maker(unit)


def attacks() -> Iterator[OfdAttack]:
    """制章者's certificate at createDate (§6.3 c)."""
    unknown = "seal_maker_unknown", "OFD-17 CRT-14"
    yield attack("maker_unregistered", *unknown, _maker(_mist_maker))
    yield attack("maker_self_signed", *unknown, _maker(_own_maker))
    yield attack("maker_is_another_signer", *unknown, _made_by(_another_signer))
    yield attack("maker_under_signers_authority", *unknown, _maker(_by_signers_authority))
    yield attack("maker_is_a_timestamp_service", *unknown, _maker(_by_time_authority))
    yield attack(
        "maker_revoked_later",
        "seal_maker_ended_since",
        "OFD-17 CRT-07",
        maker_with("late-revoked"),
    )
    bad = "seal_maker_invalid"
    yield attack("maker_is_the_signer", *unknown, _made_by(_the_signer))
    yield attack("maker_has_the_signers_key", *unknown, _made_by(_signers_key))
    for name, threats, forge in (
        ("ended_before", "CRT-04", maker_with("maker-old", window=(-4000, -830))),
        ("not_yet", "CRT-04", maker_with("maker-new", window=(-100, 900))),
        ("encryption", "CRT-06", maker_with("maker-enc", lambda p: replace(p, usage=ENCRYPTION))),
        ("no_usage", "CRT-06", maker_with("maker-bare", lambda p: replace(p, usage=None))),
        (
            "web_server",
            "CRT-06",
            maker_with("maker-web", lambda p: replace(p, purposes=(pki.SERVER_AUTHENTICATION,))),
        ),
        (
            "authority",
            "CRT-06",
            _maker(lambda made: Unit(made.making.certificate, made.making.key)),
        ),
        ("revoked_before", "CRT-07", maker_with("early-revoked")),
        ("below_revoked", "CRT-07", maker_with("maker-x", branch="makers_revoked_early")),
    ):
        yield attack(f"maker_{name}", bad, f"OFD-17 {threats}", forge)
    yield attack(
        "maker_without_list",
        "revocation_unavailable",
        "OFD-17 CRT-07",
        maker_with("maker-y", branch="makers_without_list"),
    )
    yield attack(
        "maker_unreadable",
        "seal_invalid",
        "OFD-17 CRT-13",
        _maker(lambda made: Unit(b"\x30\x03\x02\x01\x00", made.key("maker"))),
        also=("seal_maker_invalid", "signature_unreadable"),
    )


def _mist_maker(made: Authorities) -> Unit:
    who = pki.subject(C="CN", O="雾谷刻章（虚构、未登记）", CN="雾谷印章制作系统")
    return made.unit("mist-maker", who, MAKER_WINDOW, by=made.mist_root)


def _own_maker(made: Authorities) -> Unit:
    key = made.key("self-maker")
    plan = made.plan("self-maker", MAKER, key.spki(), MAKER_WINDOW)
    return Unit(pki.self_signed(plan, key).certificate, key)


def _another_signer(scene: Scene) -> Unit:
    """Another body's good signing certificate makes the seal."""
    return scene.world.seals.holders["university-current"].unit


def _the_signer(scene: Scene) -> Unit:
    """Whoever uses the seal has made it for itself."""
    return scene.job.holder.unit


def _signers_key(scene: Scene) -> Unit:
    """A maker's genuine certificate, over the key of the signer."""
    made, key = scene.world.authorities, scene.job.holder.unit.key
    return made.unit("maker-signer", MAKER, MAKER_WINDOW, by=made.making, key=key)


def _by_signers_authority(made: Authorities) -> Unit:
    """It calls itself the maker, by the authority that certifies signers."""
    return made.unit("maker-signers", MAKER, MAKER_WINDOW)


def _by_time_authority(made: Authorities) -> Unit:
    return made.unit("maker-time", MAKER, MAKER_WINDOW, by=made.time_root)
