"""Timestamp services (时间戳服务) and their tokens: RFC 3161, GB/T 20520, with SM3 and SM2."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sandbox import cms, pki
from sandbox.authorities import Authorities, Unit
from sandbox.pki import Authority, Plan
from sandbox.sm2 import sm3

WINDOW = (-730, 1500)
"""Days of an honest service's certificate."""
TSA = pki.subject(C="CN", O="云海省时间戳服务（虚构）", CN="YUNHAI_TSA")


def _purpose(plan: Plan) -> Plan:
    """Critical, and nothing but id-kp-timeStamping (RFC 3161 §2.3)."""
    use = pki.extension("2.5.29.37", pki.purposes(pki.TIME_STAMPING), critical=True)
    return replace(plan, extra=(use,))


def tsa(
    made: Authorities,
    name: str = "tsa",
    *,
    window: tuple[int, int] = WINDOW,
    by: Authority | None = None,
    bend: Callable[[Plan], Plan] = _purpose,
) -> Unit:
    """时间戳服务: registered for timestamps and nothing else; any other by its name."""
    return made.unit(name, TSA, window, by=by or made.time_root, bend=bend)


def stamping(service: Unit, at: datetime) -> Callable[[bytes], bytes]:
    """From what is stamped to a token over it."""
    return lambda stamped: cms.timestamp(sm3(stamped), service, at)
