"""What an OCSP responder is asked (RFC 6960 §4.1), as the path of a plain GET (appendix A.1).

One certificate a request, no nonce: the same question every time, so that a responder may answer
from what it signed before (RFC 5019), and an operator can name it once.
"""

import binascii
from base64 import b64decode, b64encode
from hashlib import sha1
from urllib.parse import quote, unquote

from asn1crypto import algos, ocsp, x509

from app.domain.certificate import Certificate


def request_path(certificate: Certificate, authority: Certificate) -> str:
    """To be put behind a responder's URL. SHA-1 only names the authority, as every responder knows
    it; what is answered is proven by the responder's signature.
    """
    issuer = x509.Certificate.load(authority.der)
    named = ocsp.CertId(
        {
            "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha1"}),
            "issuer_name_hash": sha1(authority.subject_raw, usedforsecurity=False).digest(),
            "issuer_key_hash": issuer.public_key.sha1,
            "serial_number": certificate.serial,
        }
    )
    asked = ocsp.TBSRequest({"request_list": [ocsp.Request({"req_cert": named})]})
    return quote(b64encode(ocsp.OCSPRequest({"tbs_request": asked}).dump()), safe="")


def serial_asked(url: str) -> int | None:
    """Which serial number a URL asks about, as `request_path` writes it; None: it asks nothing."""
    try:
        written = b64decode(unquote(url.rsplit("/", 1)[-1]), validate=True)
        (one,) = ocsp.OCSPRequest.load(written, strict=True)["tbs_request"]["request_list"]
        serial = one["req_cert"]["serial_number"].native
    except (binascii.Error, ValueError, TypeError, KeyError):
        return None
    return serial if type(serial) is int else None
