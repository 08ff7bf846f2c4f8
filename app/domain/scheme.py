"""Names of signature schemes and digests. What they do is `app.crypto.schemes`."""

from enum import StrEnum


class Scheme(StrEnum):
    """A public-key signature algorithm with everything it leaves open fixed."""

    SM2_SM3 = "sm2-sm3"
    """GB/T 32918.2 with SM3 and the default id 1234567812345678."""
    ECDSA_P256_SHA256 = "ecdsa-p256-sha256"
    ECDSA_P384_SHA384 = "ecdsa-p384-sha384"
    ECDSA_P521_SHA512 = "ecdsa-p521-sha512"
    ED25519 = "ed25519"
    RSA_PSS_SHA256 = "rsa-pss-sha256"
    RSA_PSS_SHA384 = "rsa-pss-sha384"
    RSA_PSS_SHA512 = "rsa-pss-sha512"
    RSA_PKCS1_SHA256 = "rsa-pkcs1-sha256"
    RSA_PKCS1_SHA384 = "rsa-pkcs1-sha384"
    RSA_PKCS1_SHA512 = "rsa-pkcs1-sha512"


class Digest(StrEnum):
    """Hash functions by name."""

    SM3 = "sm3"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"
    SHA1 = "sha1"
    """Recognised to be refused by name."""
    MD5 = "md5"
    """Recognised to be refused by name."""


WEAK_DIGESTS = frozenset({Digest.SHA1, Digest.MD5})

Algorithm = Scheme | Digest
SM_ALGORITHMS: frozenset[Algorithm] = frozenset({Scheme.SM2_SM3, Digest.SM3})
"""国密算法 (GM/T 0003, 0004): what `sm_only` lets pass."""
