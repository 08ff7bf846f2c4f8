"""SM2 verifications a second, by each back end, beside the bare primitive of `openssl speed sm2`.

    python bench/primitives.py

Runs in some 15 s on one core. Each figure is the median of five rounds, with the spread; rounds of
all candidates alternate, so that a busy machine slows all of them. The ratio is what to keep.
"""

import os
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from app.crypto import schemes, sm2
from app.crypto.der import encode_signature
from app.crypto.sm2.backend import EXAMPLE, BackendFailed
from app.crypto.sm2.native import NativeBackend
from app.crypto.sm2.pure import PureBackend
from app.crypto.spki import Curve, EcPoint, encode
from app.domain.scheme import Scheme

ROUNDS = 5
ROUND = 0.35
"""Seconds."""
OPENSSL_SECONDS = 1


def rate(work: Callable[[], object]) -> float:
    """Calls a second."""
    count, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < ROUND:
        work()
        count += 1
    return count / spent


def threaded(work: Callable[[], object]) -> float:
    """Calls a second in two threads; above the rate of one where the lock is released."""
    with ThreadPoolExecutor(2) as pool:
        return sum(pool.map(rate, [work, work]))


def openssl_speed() -> float:
    """Bare verifications a second as OpenSSL's own benchmark counts them, CPU time."""
    command = shutil.which("openssl")
    if command is None:
        raise SystemExit("no openssl command: nothing to compare with")
    done = subprocess.run(
        [command, "speed", "-seconds", str(OPENSSL_SECONDS), "sm2"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    found = re.search(r"CurveSM2\)\s.*?([0-9.]+)\s*$", done.stdout, re.MULTILINE)
    if found is None:
        raise SystemExit("openssl speed sm2 prints no rate")
    return float(found[1])


def candidates() -> dict[str, Callable[[], float]]:
    example = (EXAMPLE.point, EXAMPLE.digest, EXAMPLE.r, EXAMPLE.s)
    message = partial(
        schemes.verify,
        Scheme.SM2_SM3,
        spki=encode(EcPoint(Curve.SM2, EXAMPLE.point)),
        message=EXAMPLE.message,
        value=encode_signature(EXAMPLE.r, EXAMPLE.s),
    )
    found: dict[str, Callable[[], float]] = {"openssl speed sm2": openssl_speed}
    try:
        native = partial(NativeBackend().verify, *example)
        found["libcrypto by ctypes"] = partial(rate, native)
        found["the same in two threads"] = partial(threaded, native)
    except BackendFailed as failure:
        print(f"libcrypto by ctypes: {failure}")
    pure = PureBackend()
    found[pure.name] = partial(rate, partial(pure.verify, *example))
    found["schemes.verify, from SPKI and DER"] = partial(rate, message)
    return found


def main() -> None:
    print(f"in use: {sm2.backend_name()}; {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
    measures = candidates()
    rounds: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(ROUNDS):
        for name, measure in measures.items():
            rounds[name].append(measure())
    bare = rounds["openssl speed sm2"]
    print(f"{'':36}{'verify/s':>9}{'spread':>16}{'ratio':>8}")
    for name, values in rounds.items():
        paired = statistics.median(value / base for value, base in zip(values, bare, strict=True))
        spread = f"{min(values):.0f}–{max(values):.0f}"
        print(f"{name:36}{statistics.median(values):9.0f}{spread:>16}{paired:8.2f}")


if __name__ == "__main__":
    main()
