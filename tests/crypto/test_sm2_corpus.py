"""SM2 material that others made: keys and signatures of Tongsuo and gmsm, file by file."""

import base64
import re
from collections.abc import Iterator

import pytest

from app.crypto import der, sm2
from app.crypto.keys import read_public_key
from app.crypto.sm2.native import NativePrivateKey
from app.domain.errors import InvalidKey, InvalidSignature, Unavailable
from app.domain.scheme import Scheme
from tests.corpus import corpus_file, manifest

TONGSUO = "sm2/Tongsuo-Project_Tongsuo/test"
GMSM = "sm2/emmansun_gmsm"

HANDLED = {
    f"{TONGSUO}/certs/sm2pub.key": "read as a key",
    f"{TONGSUO}/certs/sm2_begin_ec.key": "private, refused; its public half is sm2pub.key",
    f"{TONGSUO}/certs/sm2_begin_sm2.key": "private, refused",
    f"{TONGSUO}/recipes/15-test_ecparam_data/valid/sm2-begin-ec-explicit.pem": "explicit, refused",
    f"{TONGSUO}/recipes/15-test_ecparam_data/valid/sm2-begin-ec-named.pem": "the named curve",
    f"{TONGSUO}/recipes/30-test_evp_data/evppkey_sm2.txt": "its Verify stanzas",
    f"{TONGSUO}/recipes/91-test_pkey_check_data/sm2_bad_0.pem": "private key 0 (mod n), refused",
    f"{TONGSUO}/recipes/91-test_pkey_check_data/sm2_bad_neg1.pem": "private key n - 1, refused",
    f"{GMSM}/cfca_sadkSignedDataDetach.p7b": "its certificate's key, its SignerInfo's value",
    f"{GMSM}/src/internal_sm2_sm2_dsa_test.go.txt": "no vectors: only random points are drawn",
    f"{GMSM}/src/sm2_sm2_det_test.go.txt": "no vectors: signs with fresh keys only",
    f"{GMSM}/src/sm2_sm2_dsa_test.go.txt": "its points and its one signature",
}


def text(path: str) -> str:
    return corpus_file(path).read_text(encoding="utf-8")


def pem_body(pem: str) -> bytes:
    match = re.search(r"-----BEGIN [A-Z0-9 ]+-----(.*?)-----END", pem, re.DOTALL)
    assert match is not None
    return base64.b64decode(match[1])


def test_every_file_is_handled() -> None:
    paths = {row.path for row in manifest("sm2")}
    if not paths:
        pytest.skip("corpus not beside the project")
    assert paths == set(HANDLED)


def test_tongsuo_public_key() -> None:
    key = read_public_key(text(f"{TONGSUO}/certs/sm2pub.key"))
    assert key.scheme is Scheme.SM2_SM3
    assert key.spki == pem_body(text(f"{TONGSUO}/certs/sm2pub.key"))
    private = pem_body(text(f"{TONGSUO}/certs/sm2_begin_ec.key"))
    assert private.endswith(key.spki[-65:])


@pytest.mark.parametrize("name", ["sm2_begin_ec.key", "sm2_begin_sm2.key"])
def test_tongsuo_private_keys_are_not_public_keys(name: str) -> None:
    with pytest.raises(InvalidKey, match="PEM: not one block of PUBLIC KEY"):
        read_public_key(text(f"{TONGSUO}/certs/{name}"))


def test_tongsuo_named_curve() -> None:
    folder = f"{TONGSUO}/recipes/15-test_ecparam_data/valid"
    parameters = pem_body(text(f"{folder}/sm2-begin-ec-named.pem"))
    assert der.Cursor(parameters).oid() == "1.2.156.10197.1.301"
    read_public_key(spki_with(parameters))


def test_sig_19_tongsuo_explicit_parameters() -> None:
    folder = f"{TONGSUO}/recipes/15-test_ecparam_data/valid"
    parameters = pem_body(text(f"{folder}/sm2-begin-ec-explicit.pem"))
    with pytest.raises(InvalidKey, match="explicit curve parameters"):
        read_public_key(spki_with(parameters))


def spki_with(parameters: bytes) -> bytes:
    """Tongsuo's public key under other curve parameters."""
    point = pem_body(text(f"{TONGSUO}/certs/sm2pub.key"))[-65:]
    algorithm = der.encode(der.SEQUENCE, der.encode_oid("1.2.840.10045.2.1"), parameters)
    return der.encode(der.SEQUENCE, algorithm, der.encode(der.BIT_STRING, b"\0", point))


@pytest.mark.parametrize("name", ["sm2_bad_0.pem", "sm2_bad_neg1.pem"])
def test_tongsuo_private_keys_out_of_range_do_not_sign(name: str) -> None:
    pkcs8 = pem_body(text(f"{TONGSUO}/recipes/91-test_pkey_check_data/{name}"))
    with pytest.raises(Unavailable, match="SM2 signing key"):
        NativePrivateKey(pkcs8)


def evp_stanzas() -> Iterator[dict[str, str]]:
    content = text(f"{TONGSUO}/recipes/30-test_evp_data/evppkey_sm2.txt")
    for block in content.split("\n\n"):
        lines = [line.split(" = ", 1) for line in block.splitlines() if " = " in line]
        stanza = dict(pair for pair in lines if len(pair) == 2)
        if "Verify" in stanza:
            yield stanza


def test_tongsuo_evp_verify_stanzas() -> None:
    content = text(f"{TONGSUO}/recipes/30-test_evp_data/evppkey_sm2.txt")
    point = pem_body(content)[-65:]
    results = []
    for stanza in evp_stanzas():
        r, s = der.signature_parts(bytes.fromhex(stanza["Output"]))
        digest = bytes.fromhex(stanza["Input"])
        if stanza["Ctrl"] == "digest:SM3":
            sm2.verify_digest(point, digest, r, s)
            with pytest.raises(InvalidSignature):
                sm2.verify_digest(point, digest, r, s + 1)
        else:  # SHA-512 with SM2 is an error there and no 32-octet digest here
            with pytest.raises(InvalidSignature, match="32 octets"):
                sm2.verify_digest(point, digest, r, s)
        results.append(stanza.get("Result", "success"))
    assert results == ["success", "success", "PKEY_CTRL_ERROR"]


def go_hex(pattern: str) -> list[bytes]:
    content = text(f"{GMSM}/src/sm2_sm2_dsa_test.go.txt")
    return [bytes.fromhex(found) for found in re.findall(pattern, content)]


def test_gmsm_points() -> None:
    points = go_hex(r'keypoints, _ :?= hex\.DecodeString\("([0-9a-f]+)"\)')
    headless, good, off_curve, *again = points
    assert set(again) == {good}
    sm2.coordinates(good)
    for bad, why in ((headless, "not 65 octets"), (off_curve, "not on the curve")):
        with pytest.raises(InvalidKey, match=why):
            sm2.coordinates(bad)


def test_gmsm_signature() -> None:
    """The one fixed signature; its key is given by its scalar."""
    from tests.crypto import vectors

    (value,) = go_hex(r'signature, _ := hex\.DecodeString\("([0-9a-f]+)"\)')
    (scalar,) = go_hex(r'bigFromHex\("([0-9a-f]{64})"\)')
    point = vectors.maker().Key(int.from_bytes(scalar, "big")).encoded
    message = b"encryption standard encryption "
    sm2.verify(point, message, value)
    with pytest.raises(InvalidSignature):
        sm2.verify(point, message.strip(), value)


def test_gmsm_cfca_certificate_and_signer_info() -> None:
    """The certificate is read for its key; the SignerInfo signs the content, detached there.

    The content is not in the file; so the certificate's own signature, by an absent issuer, and the
    SignerInfo's value are only read here. The CMS reader judges the container.
    """
    p7b = corpus_file(f"{GMSM}/cfca_sadkSignedDataDetach.p7b").read_bytes()
    at = p7b.index(bytes.fromhex("30820189"))
    certificate = p7b[at : at + 0x189 + 4]
    key = read_public_key(certificate)
    assert key.scheme is Scheme.SM2_SM3
    r, s = der.signature_parts(p7b[-0x47:])
    with pytest.raises(InvalidSignature, match="does not verify"):
        sm2.verify_digest(key.spki[-65:], bytes(32), r, s)
