"""What the console's figures look like as JSON: the examples of the API's description."""

from typing import Any, Final

from app.schemas.operating_asked import AT, ISSUER, WEEK_AGO

_SPAN: Final = {"since": WEEK_AGO, "until": AT}
_DAY: Final = {"since": "2026-11-24T08:00:00Z", "until": AT}
_NAME: Final = {"zh": "青海样例局", "en": "Qinghai Sample Bureau"}
COUNTS: Final[dict[str, Any]] = {
    **_SPAN,
    "total": 1290,
    "verdicts": [
        {"conclusion": "valid", "reason": None, "count": 1204},
        {"conclusion": "indeterminate", "reason": "issuer_unreachable", "count": 61},
        {"conclusion": "invalid", "reason": "signature_invalid", "count": 25},
    ],
}
TIMES: Final[dict[str, Any]] = {
    **_DAY,
    "total": 129,
    "times": [
        {"at_most_seconds": "0.05", "count": 100},
        {"at_most_seconds": "0.1", "count": 20},
        {"at_most_seconds": "0.2", "count": 6},
        {"at_most_seconds": "0.5", "count": 2},
        {"at_most_seconds": "1", "count": 0},
        {"at_most_seconds": "2", "count": 0},
        {"at_most_seconds": "3", "count": 1},
        {"at_most_seconds": None, "count": 0},
    ],
}
ENDINGS: Final[dict[str, Any]] = {
    "since": AT,
    "until": "2027-02-23T08:00:00Z",
    "endings": [
        {"kind": "list", "name": "province.example #12", "ends": "2026-12-01T00:00:00Z"},
        {"kind": "key", "name": f"{ISSUER} answer-2025", "ends": "2027-01-01T00:00:00Z"},
    ],
    "next": None,
}
FARES: Final[dict[str, Any]] = {
    **_DAY,
    "issuers": [
        {
            "issuer": ISSUER,
            "name": _NAME,
            "asked": 120,
            "answered": 118,
            "availability_percent": 98,
            "rested": 0,
            "conflicts": 0,
            "mean_milliseconds": 87,
            "last_asked": "2026-11-25T07:59:00Z",
        }
    ],
    "next": None,
}
CONFLICTS: Final[dict[str, Any]] = {
    **_SPAN,
    "conflicts": [
        {
            "at": "2026-11-24T03:12:45.120000Z",
            "conclusion": "invalid",
            "reason": "revoked",
            "policy": "license/1",
            "issuer": ISSUER,
            "name": _NAME,
            "type": "11100000MB03271699001",
        }
    ],
    "next": None,
}
AUDIT: Final[dict[str, Any]] = {
    **_SPAN,
    "rows": [
        {
            "at": "2026-11-25T07:59:12.004211Z",
            "chain": 3,
            "seq": 90211,
            "operation": "verify_file",
            "tenant": "xn-hospital",
            "caller": "admission-desk",
            "address": "10.1.2.3/32",
            "result": "answered",
            "conclusion": "valid",
            "reason": None,
            "issuer": ISSUER,
            "type": "11100000MB03271699001",
        }
    ],
    "next": None,
}
STANDINGS: Final[dict[str, Any]] = {
    "disputes": [
        {
            "reference": "29BCX3G128ZMYPC77VYY",
            "issuer": ISSUER,
            "type": "11100000MB03271699001",
            "element": "valid_until",
            "state": "open",
            "filed_at": "2026-11-01T00:00:00Z",
        }
    ],
    "next": None,
}
