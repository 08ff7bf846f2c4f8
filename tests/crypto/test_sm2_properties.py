"""Both back ends give one answer, on digests and points no signer would make."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.crypto.sm2.backend import EXAMPLE, BackendFailed
from app.crypto.sm2.curve import A, B, N, P
from app.crypto.sm2.native import NativeBackend
from app.crypto.sm2.pure import PureBackend
from tests.crypto import vectors

MAKER = vectors.maker()
PURE = PureBackend()

edges = st.sampled_from([0, 1, 2, 3, N - 2, N - 1, N, N + 1, N // 2, P - 1, P, 2**256 - 1, 2**128])
numbers = st.one_of(edges, st.integers(0, 2**256 - 1))
scalars = st.one_of(st.sampled_from([1, 2, 3, N - 2, N - 1]), st.integers(1, N - 1))


@pytest.fixture(scope="module")
def native() -> NativeBackend:
    try:
        return NativeBackend()
    except BackendFailed as failure:
        pytest.skip(f"no native back end here: {failure}")


def answers(native: NativeBackend, point: bytes, digest: bytes, r: int, s: int) -> bool:
    """The one answer; libcrypto may also have none where the sum is at infinity."""
    portable = PURE.verify(point, digest, r, s)
    try:
        assert native.verify(point, digest, r, s) is portable
    except BackendFailed:
        assert portable is False
    return portable


@settings(deadline=None, max_examples=150)
@given(d=scalars, e=numbers, r=numbers, s=numbers)
def test_the_same_answer_on_any_numbers(
    native: NativeBackend, d: int, e: int, r: int, s: int
) -> None:
    answers(native, MAKER.Key(d).encoded, MAKER.octets(e), r, s)


@settings(deadline=None, max_examples=100)
@given(d=st.one_of(st.sampled_from([1, 2, N - 2]), st.integers(1, N - 2)), e=numbers)
def test_what_the_maker_signs_both_accept(native: NativeBackend, d: int, e: int) -> None:
    key, digest = MAKER.Key(d), MAKER.octets(e)
    r, s = key.sign_digest(digest)
    assert answers(native, key.encoded, digest, r, s)
    assert not answers(native, key.encoded, digest, r, N - s)


@settings(deadline=None, max_examples=100)
@given(d=scalars, e=numbers, s=scalars)
def test_a_sum_at_infinity_is_refused(native: NativeBackend, d: int, e: int, s: int) -> None:
    # t = -s/d makes [s]G + [t]P vanish, whatever the digest.
    t = -s * pow(d, -1, N) % N
    assert not answers(native, MAKER.Key(d).encoded, MAKER.octets(e), (t - s) % N, s)


def multiply(scalar: int, point: tuple[int, int]) -> tuple[int, int]:
    total: tuple[int, int] | None = None
    while scalar:
        if scalar & 1:
            total = MAKER.add(total, point)
        point = MAKER.add(point, point)
        scalar >>= 1
    assert total is not None
    return total


@pytest.mark.parametrize("start", [N, N + 1, N + 99, P - 99])
def test_an_x_between_n_and_p_is_reduced(native: NativeBackend, start: int) -> None:
    """No signer meets such a point by chance; the key and digest are made to fit it."""
    x = next(x for x in range(start, P) if MAKER.square_root(x**3 + A * x + B) is not None)
    y = MAKER.square_root(x**3 + A * x + B)
    s, t = 12345, 67890
    minus_sg = (MAKER.times_g(s)[0], -MAKER.times_g(s)[1] % P)
    public = multiply(pow(t, -1, N), MAKER.add((x, y), minus_sg))
    r = (t - s) % N
    point = b"\4" + MAKER.octets(public[0]) + MAKER.octets(public[1])
    assert answers(native, point, MAKER.octets((r - x) % N), r, s)
    assert not answers(native, point, MAKER.octets((r - x + 1) % N), r, s)


@pytest.mark.parametrize("s, t", [(1, 1), (2, 1), (1, 2), (N - 1, 1), (255, 256), (2**255, 3)])
def test_sums_of_equal_and_opposite_points(native: NativeBackend, s: int, t: int) -> None:
    """With P = G and P = -G the additions inside meet equal and opposite points."""
    for d in (1, N - 1, 2, N - 2):
        r = (t - s) % N
        combined = (s + t * d) % N
        if not r or not combined:
            continue
        x = MAKER.times_g(combined)[0]
        digest = MAKER.octets((r - x) % N)
        assert answers(native, MAKER.Key(d).encoded, digest, r, s)


def test_a_digest_is_not_read_modulo_n_twice(native: NativeBackend) -> None:
    """Two digests that differ by n are one number to SM2; both back ends agree that they are."""
    key = MAKER.Key(77)
    small = MAKER.octets(5)
    r, s = key.sign_digest(small)
    assert answers(native, key.encoded, small, r, s)
    assert answers(native, key.encoded, MAKER.octets(5 + N), r, s)
    assert not answers(native, key.encoded, MAKER.octets(6), r, s)


@pytest.fixture
def eager_switching() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("native", "eager_switching")
def test_threads_that_read_one_key_at_once() -> None:
    """All but one of the parsed keys are not taken by the cache; each lives while it is in use."""
    gate = Barrier(8)

    def check(backend: NativeBackend, s: int) -> bool:
        gate.wait()
        return backend.verify(EXAMPLE.point, EXAMPLE.digest, EXAMPLE.r, s)

    values = [EXAMPLE.s, EXAMPLE.s ^ 1] * 4
    with ThreadPoolExecutor(8) as pool:
        for _ in range(40):
            fresh = NativeBackend()
            assert list(pool.map(partial(check, fresh), values)) == [True, False] * 4


@pytest.mark.usefixtures("eager_switching")
def test_keys_that_leave_the_cache_while_in_use(
    native: NativeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = NativeBackend()
    monkeypatch.setattr(small, "_key", lru_cache(1)(small._crypto.public))
    keys = [MAKER.Key(d) for d in range(2, 10)]
    signed = [(key.encoded, *key.sign_digest(EXAMPLE.digest)) for key in keys]

    def check(index: int) -> bool:
        point, r, s = signed[index % len(signed)]
        return small.verify(point, EXAMPLE.digest, r, s)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(check, range(800)))


def test_foreign_calls_release_the_interpreter_lock(native: NativeBackend) -> None:
    """By the class that loads the library: PyDLL holds the lock, CDLL lets it go."""
    import ctypes

    library = native._crypto._library
    assert isinstance(library, ctypes.CDLL)
    assert not isinstance(library, ctypes.PyDLL)
