"""Our SM2 vectors against both back ends and OpenSSL's own message path."""

from collections import Counter
from pathlib import Path

import pytest

from app.crypto import schemes, sm2
from app.crypto.sm2.backend import EXAMPLE, Backend, BackendFailed, self_test
from app.crypto.sm2.curve import za
from app.crypto.sm2.native import NativeBackend
from app.crypto.sm2.pure import PureBackend
from app.domain.errors import InvalidKey, InvalidSignature, Unavailable
from app.domain.scheme import Scheme
from tests.crypto import openssl_oracle, vectors

VECTORS = vectors.sm2()


def native() -> NativeBackend:
    try:
        return NativeBackend()
    except BackendFailed as failure:
        pytest.skip(f"no native back end here: {failure}")


@pytest.fixture(params=["native", "pure"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Backend:
    """Each back end, made the one in use with nothing behind it."""
    made: Backend = native() if request.param == "native" else PureBackend()
    monkeypatch.setattr(sm2, "chosen", lambda: sm2.Chosen(made, Silent(), ()))
    return made


def accepted(vector: vectors.Vector) -> bool:
    check = sm2.verify_raw if vector.raw else sm2.verify
    try:
        check(vector.point, vector.message, vector.value, signer_id=vector.signer_id)
    except (InvalidSignature, InvalidKey):
        return False
    except BackendFailed:
        # libcrypto has no x of the point at infinity; in use, the portable back end then says no.
        assert "PointAtInfinity" in vector.flags
        return False
    return True


class Silent(PureBackend):
    """Never answers."""

    name = "silent"

    def verify(self, point: bytes, digest: bytes, r: int, s: int) -> bool:
        raise BackendFailed("nothing to say")


def test_the_file_is_what_its_script_makes() -> None:
    made = vectors.maker()
    assert made.text() == made.FILE.read_text(encoding="utf-8")


def test_the_script_reproduces_the_standards_example() -> None:
    # GB/T 32905 A.1 and GB/T 32918.5 A.2
    made = vectors.maker()
    assert made.sm3(b"abc").hex() == (
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    )
    key = made.Key(0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8)
    k = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
    assert key.encoded == EXAMPLE.point
    assert key.sign(EXAMPLE.message, k=k) == (EXAMPLE.r, EXAMPLE.s)


def test_there_are_enough_vectors_of_every_kind() -> None:
    results = Counter(vector.test["result"] for vector in VECTORS)
    assert len(VECTORS) >= 500
    assert results["invalid"] > results["valid"] > 200
    assert set(results) == {"valid", "invalid"}
    flags = Counter(flag for vector in VECTORS for flag in vector.flags)
    assert set(flags) == set(vectors.maker().NOTES)


def test_each_vector_is_there_once() -> None:
    seen = Counter((v.point, v.message, v.value, v.signer_id, v.raw) for v in VECTORS)
    assert [key for key, count in seen.items() if count > 1] == []


def test_all_vectors(backend: Backend) -> None:
    wrong = [str(vector) for vector in VECTORS if accepted(vector) is not vector.valid]
    assert wrong == []


def test_invalid_public_keys_are_refused_as_keys(backend: Backend) -> None:
    bad = [vector for vector in VECTORS if "InvalidPublicKey" in vector.flags]
    assert len(bad) >= 15
    for vector in bad:
        with pytest.raises(InvalidKey):
            backend.verify(vector.point, EXAMPLE.digest, EXAMPLE.r, EXAMPLE.s)


def test_openssl_agrees_on_every_der_vector() -> None:
    oracle = openssl_oracle.digest_verify()
    wrong = []
    for vector in (v for v in VECTORS if not v.raw):
        openssl = oracle.accepts(vector.spki, vector.message, vector.value, vector.signer_id)
        if openssl is not vector.valid:
            wrong.append(vector)
    unexplained = [v for v in wrong if (v.test["comment"], v.valid) not in OPENSSL_DEVIATES]
    assert [str(vector) for vector in unexplained] == []


OPENSSL_DEVIATES = {
    ("compressed", False): "the same point; this service takes one encoding of a key",
    ("hybrid", False): "the same point; this service takes one encoding of a key",
    ("signed under the id: the longest", True): "it takes ids below 8191 octets, the standard 8191",
}
"""Vectors on which OpenSSL may differ from the result in the file, each with the reason."""


def test_the_openssl_command_agrees(tmp_path: Path) -> None:
    sample = [v for v in VECTORS if not v.raw and "InvalidPublicKey" not in v.flags and v.signer_id]
    sample = sample[::29]
    assert 5 < sum(v.valid for v in sample) < len(sample)
    for vector in sample:
        said = openssl_oracle.command_accepts(
            tmp_path, vector.group["publicKeyPem"], vector.message, vector.value, vector.signer_id
        )
        assert said is vector.valid, str(vector)


def test_the_table_gives_the_same_answers() -> None:
    """Through `schemes`, where the id is the default and a bad key is a bad signature."""
    wrong = []
    for vector in (v for v in VECTORS if v.signer_id == sm2.DEFAULT_ID):
        check = schemes.verify_jose if vector.raw else schemes.verify
        try:
            check(Scheme.SM2_SM3, spki=vector.spki, message=vector.message, value=vector.value)
        except InvalidSignature:
            if vector.valid:
                wrong.append(str(vector))
        else:
            if not vector.valid:
                wrong.append(str(vector))
    assert wrong == []


def test_z_and_e_of_the_standards_example() -> None:
    z = "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3"
    assert za(EXAMPLE.point, sm2.DEFAULT_ID).hex() == z
    assert sm2.message_digest(EXAMPLE.point, EXAMPLE.message, sm2.DEFAULT_ID) == EXAMPLE.digest


def test_the_longest_id_and_one_longer() -> None:
    za(EXAMPLE.point, b"i" * 8191)
    with pytest.raises(InvalidKey, match="longer than 8191"):
        za(EXAMPLE.point, b"i" * 8192)


def test_a_digest_of_another_size_is_refused() -> None:
    sm2.verify_digest(EXAMPLE.point, EXAMPLE.digest, EXAMPLE.r, EXAMPLE.s)
    for digest in (b"", EXAMPLE.digest[:31], EXAMPLE.digest + b"\0"):
        with pytest.raises(InvalidSignature, match="32 octets"):
            sm2.verify_digest(EXAMPLE.point, digest, EXAMPLE.r, EXAMPLE.s)


def test_both_back_ends_pass_their_self_test() -> None:
    assert self_test(PureBackend()) is None
    assert self_test(native()) is None


class Credulous(PureBackend):
    """Holds every signature in range for good."""

    def verify(self, point: bytes, digest: bytes, r: int, s: int) -> bool:
        super().verify(point, digest, r, s)
        return True


class NoRangeCheck(PureBackend):
    """Reduces r and s instead of refusing them."""

    def verify(self, point: bytes, digest: bytes, r: int, s: int) -> bool:
        n = vectors.maker().N
        return super().verify(point, digest, r % n, s % n)


class NoCurveCheck(PureBackend):
    def verify(self, point: bytes, digest: bytes, r: int, s: int) -> bool:
        try:
            return super().verify(point, digest, r, s)
        except InvalidKey:
            return False


class Stubborn(PureBackend):
    def verify(self, point: bytes, digest: bytes, r: int, s: int) -> bool:
        super().verify(point, digest, r, s)
        return False


@pytest.mark.parametrize(
    "broken, why",
    [
        (Credulous(), "accepted: another digest"),
        (NoRangeCheck(), "accepted: s + n"),
        (NoCurveCheck(), "off the curve"),
        (Stubborn(), "example is refused"),
        (Silent(), "nothing to say"),
    ],
)
def test_a_broken_back_end_is_told(broken: Backend, why: str) -> None:
    assert why in (self_test(broken) or "")


def test_a_broken_libcrypto_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sm2, "NativeBackend", Silent)
    chosen = sm2.chosen.__wrapped__()
    assert chosen.backend is chosen.portable
    assert chosen.left_out == ("silent: nothing to say",)


def test_without_libcrypto_python_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.crypto.sm2.native.LIBRARIES", ("libcrypto.of.nowhere",))
    chosen = sm2.chosen.__wrapped__()
    assert chosen.backend.name.startswith("python")
    assert chosen.left_out == ("libcrypto: no libcrypto on this system",)


def test_no_back_end_at_all_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sm2, "PureBackend", Credulous)
    with pytest.raises(Unavailable, match="fails its vectors"):
        sm2.chosen.__wrapped__()


def test_no_answer_from_libcrypto_is_not_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sm2, "chosen", lambda: sm2.Chosen(Silent(), PureBackend(), ()))
    sm2.verify_digest(EXAMPLE.point, EXAMPLE.digest, EXAMPLE.r, EXAMPLE.s)
    with pytest.raises(InvalidSignature):
        sm2.verify_digest(EXAMPLE.point, EXAMPLE.digest, EXAMPLE.r, EXAMPLE.s ^ 1)


def test_the_back_end_in_use_has_a_name() -> None:
    assert sm2.backend_name() == sm2.chosen().backend.name != ""
