"""Which clause each check follows, where a standard has one; the others are rules of this service.

A standard stands without its year where the check is the same by all its editions.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from app.domain.evidence import CheckName
from app.domain.license import LicenseFormat

_SEAL: Final = "GB/T 38540-2020 6.3; GM/T 0031-2014 6.1.2"
"""印章验证."""
_SIGNATURE: Final = "GB/T 38540-2020 7.3; GM/T 0031-2014 6.2.3"
"""签章验证."""
_OFD: Final = LicenseFormat.OFD
_TOKEN: Final = LicenseFormat.JWS

CLAUSES: Final[Mapping[LicenseFormat | None, Mapping[CheckName, str]]] = MappingProxyType(
    {
        None: {
            CheckName.IDENTIFIER_FORM: "GB/T 36904",
            CheckName.IDENTIFIER_AGREES: "GB/T 36904",
            CheckName.CONTENT_AGREES: "GB/T 36903",
        },
        _TOKEN: {
            CheckName.WELL_FORMED: "RFC 7515 5.2",
            CheckName.SIGNATURE_HOLDS: "RFC 7515 5.2",
        },
        _OFD: {
            CheckName.WELL_FORMED: "GB/T 33190; GB/T 38540-2020 7.3 a",
            CheckName.SIGNED: "GB/T 33190 18",
            CheckName.SIGNATURE_HOLDS: _SIGNATURE,
            CheckName.ALGORITHMS_AGREE: "GM/T 0099-2020 7.2.2",
            CheckName.DATA_HASH_HOLDS: _SIGNATURE,
            CheckName.REFERENCES_HOLD: "GB/T 33190 18",
            CheckName.SEAL_HOLDS: _SEAL,
            CheckName.SEAL_MAKER_TRUSTED: _SEAL,
            CheckName.SEAL_IN_WINDOW: _SEAL,
            CheckName.SIGNER_IN_SEAL: _SIGNATURE,
            CheckName.SEAL_FILE_SAME: "GB/T 33190 18.2",
            CheckName.CERTIFICATE_FITS: _SIGNATURE,
            CheckName.TIMESTAMP_HOLDS: "GB/T 38540-2020 7.3; GB/T 20520",
            CheckName.SIGNED_IN_WINDOW: "GB/T 38540-2020 7.3; GM/T 0031-2014 6.2.3 d",
        },
    }
)
"""By the format of what was submitted; under None those of any."""
