"""电子印章 and 电子签章: GM/T 0031-2014, GB/T 38540-2020 and GM/T 0031-2025, read and verified."""

from app.crypto.ses.forms import form_of
from app.crypto.ses.read import read_seal, read_seal_signature
from app.crypto.ses.values import Sm2Value, sm2_value
from app.crypto.ses.verify import VerifiedValue, lists_signer, verify_seal, verify_signature

__all__ = [
    "Sm2Value",
    "VerifiedValue",
    "form_of",
    "lists_signer",
    "read_seal",
    "read_seal_signature",
    "sm2_value",
    "verify_seal",
    "verify_signature",
]
