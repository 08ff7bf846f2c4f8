"""pyhanko-certvalidator, made to work with SM2 and with certificates strict parsers refuse.

It does the path algorithm of RFC 5280 §6.1 and the lists of §6.3. Every signature goes through our
own table of schemes; nothing is fetched; anchors are given, never the operating system's. Names
are compared as octets, since some cannot be decoded, and a non-critical extension that informs only
may be unreadable. Its coroutines never wait, so `drive` runs them here and now.
"""

from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

from asn1crypto import core, x509
from asn1crypto import crl as asn1_crl
from cryptography.exceptions import InvalidSignature as LibraryInvalidSignature
from pyhanko_certvalidator.authority import CertTrustAnchor, TrustQualifiers
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.name_trees import (
    default_excluded_subtrees,
    default_permitted_subtrees,
    process_general_subtrees,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    AlgorithmUsageConstraint,
    AlgorithmUsagePolicy,
    CertRevTrustPolicy,
    PKIXValidationParams,
    RevocationCheckingPolicy,
)
from pyhanko_certvalidator.sig_validate import SignatureValidator
from pyhanko_certvalidator.validate import async_validate_path

from app.crypto.asn1 import Tag
from app.domain.certificate import Certificate, Crl
from app.domain.errors import InvalidSignature

_T = TypeVar("_T")

Check = Callable[[str, bytes | None, bytes, bytes, bytes], None]
"""(signature OID, parameters, message, value, SPKI); raises `InvalidSignature`."""


class Exhausted(Exception):
    """A search reached one of its limits; passed through, whoever runs it."""


class Suspended(Exception):
    """A coroutine that must not wait waited."""


class PathRefused(Exception):
    """The validator found no fault it could not name, and here is its name."""


def drive(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """The result of a coroutine that never waits.

    Raises:
        Suspended: it did wait; it is closed first.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: _T = done.value
        return result
    coroutine.close()
    raise Suspended("a path validation tried to wait")


# ---- what asn1crypto cannot decode ----


class _Name(x509.Name):  # type: ignore[misc]
    """A name that compares as octets, as our own search does; stricter than RFC 5280 §7.1."""

    @property
    def hashable(self) -> bytes:
        octets: bytes = self.dump()
        return octets

    def __eq__(self, other: object) -> bool:
        return isinstance(other, x509.Name) and self.dump() == other.dump()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.dump())

    @property
    def human_friendly(self) -> str:
        return "a name"


class _Tbs(x509.TbsCertificate):  # type: ignore[misc]
    _fields = [  # noqa: RUF012 - the library's own shape
        (name, _Name, *rest) if name in {"issuer", "subject"} else (name, kind, *rest)
        for name, kind, *rest in x509.TbsCertificate._fields
    ]


_INFORMING = frozenset(
    {
        "key_identifier",
        "authority_key_identifier",
        "crl_distribution_points",
        "freshest_crl",
        "authority_information_access",
        "subject_information_access",
        "issuer_alt_name",
        "subject_directory_attributes",
        "private_key_usage_period",
    }
)
"""Extensions whose absence never makes a path valid that would not be."""


class _Certificate(x509.Certificate):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        ("tbs_certificate", _Tbs),
        *x509.Certificate._fields[1:],
    ]

    def _set_extensions(self) -> None:
        self._critical_extensions = set()
        for extension in self["tbs_certificate"]["extensions"]:
            name, critical = extension["extn_id"].native, extension["critical"].native
            attribute = f"_{name}_value"
            if critical:
                self._critical_extensions.add(name)
            if not hasattr(self, attribute):
                continue
            try:
                setattr(self, attribute, extension["extn_value"].parsed)
            except (ValueError, TypeError):
                if critical or name not in _INFORMING:
                    raise
        self._processed_extensions = True


class _TbsList(asn1_crl.TbsCertList):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        (name, _Name, *rest) if name == "issuer" else (name, kind, *rest)
        for name, kind, *rest in asn1_crl.TbsCertList._fields
    ]
    named: tuple[asn1_crl.RevokedCertificate, ...] = ()

    def __getitem__(self, key: str) -> Any:
        """As the library, but of the entries only those of the serials asked for."""
        return self.named if key == "revoked_certificates" else super().__getitem__(key)


class _List(asn1_crl.CertificateList):  # type: ignore[misc]
    _fields = [  # noqa: RUF012
        ("tbs_cert_list", _TbsList),
        *asn1_crl.CertificateList._fields[1:],
    ]


MAX_ENTRY = 4096
"""Octets of one entry of a list; one with a reason has about 60."""


def _entries_naming(crl: Crl, serial: bytes) -> Iterator[asn1_crl.RevokedCertificate]:
    """The entries that begin with this serial, found in the octets and not in our own index.

    The library walks every entry of a list in Python, seconds for a large one; a search does not.
    """
    at = crl.message.find(serial)
    while at >= 0:
        for header in (2, 3, 4):
            start = at - header
            if start >= 0 and crl.message[start] == Tag.SEQUENCE:
                try:
                    entry = asn1_crl.RevokedCertificate.load(crl.message[start : start + MAX_ENTRY])
                    if entry["user_certificate"].dump() == serial:
                        yield entry
                except (ValueError, TypeError):
                    continue
        at = crl.message.find(serial, at + 1)


# ---- signatures ----


class _Signatures(SignatureValidator):
    """The library's question, put to our own table of schemes."""

    def __init__(self, check: Check) -> None:
        self._check = check

    def validate_signature(
        self,
        signature: bytes,
        signed_data: bytes,
        public_key_info: Any,
        signature_algorithm: Any,
        context: Any = None,  # noqa: ARG002 - the library's signature
    ) -> None:
        oid = signature_algorithm["algorithm"].dotted
        raw = signature_algorithm["parameters"].dump() or None
        try:
            self._check(oid, raw, signed_data, signature, public_key_info.dump())
        except InvalidSignature as refused:
            raise LibraryInvalidSignature from refused


class _AnyNamed(AlgorithmUsagePolicy):
    """The table of schemes decides, when the signature is checked."""

    def digest_algorithm_allowed(self, *_: Any, **__: Any) -> AlgorithmUsageConstraint:
        return AlgorithmUsageConstraint(allowed=True)

    def signature_algorithm_allowed(self, *_: Any, **__: Any) -> AlgorithmUsageConstraint:
        return AlgorithmUsageConstraint(allowed=True)


# ---- the questions ----


def check_path(
    chain: tuple[Certificate, ...],
    moment: datetime,
    check: Check,
    lists: tuple[Crl, ...] | None = None,
) -> None:
    """RFC 5280 §6.1 for `chain`, leaf first and anchor last.

    Without `lists` revocation is not looked at; with them every certificate below the anchor needs
    a list that says good at `moment` (`revocation_mode="require"`).

    Raises:
        PathRefused: the path is not valid; the message is the class of the library's error.
    """
    mode = "none" if lists is None else "require"
    try:
        *below, root = [_Certificate.load(c.der, strict=True) for c in chain]
        path = ValidationPath(_anchor(root), list(reversed(below[1:])), below[0])
        context = ValidationContext(
            trust_roots=[path.trust_anchor],
            other_certs=below,
            moment=moment,
            allow_fetching=False,
            crls=[_load_list(crl, chain) for crl in lists or ()],
            revinfo_policy=CertRevTrustPolicy(
                RevocationCheckingPolicy.from_legacy(mode), retroactive_revinfo=True
            ),
            time_tolerance=timedelta(0),
            signature_validator=_Signatures(check),
            algorithm_usage_policy=_AnyNamed(),
        )
        drive(async_validate_path(context, path))
    except (Exhausted, Suspended):
        raise
    except Exception as refused:
        # The library raises its own errors, and the decoder's for what it cannot decode. Whichever
        # it is, the path is not valid; nothing of the message is kept, for it carries names.
        raise PathRefused(type(refused).__name__) from refused


def _anchor(root: x509.Certificate) -> CertTrustAnchor:
    """The anchor with its own path length and name constraints (RFC 5937).

    A constraint restricts names of its own kind and no others (RFC 5280 §4.2.1.10): where the
    library is given some subtrees it takes every kind that is absent for forbidden.
    """
    constraints = root.name_constraints_value
    permitted = excluded = None
    if constraints is not None:
        if constraints["permitted_subtrees"].native is not None:
            named = process_general_subtrees(constraints["permitted_subtrees"])
            permitted = default_permitted_subtrees() | named
        if constraints["excluded_subtrees"].native is not None:
            named = process_general_subtrees(constraints["excluded_subtrees"])
            excluded = default_excluded_subtrees() | named
    length = root.max_path_length
    return CertTrustAnchor(
        root,
        TrustQualifiers(
            standard_parameters=PKIXValidationParams(
                initial_permitted_subtrees=permitted, initial_excluded_subtrees=excluded
            ),
            max_path_length=length,
            max_aa_path_length=length,
        ),
    )


def _load_list(crl: Crl, chain: tuple[Certificate, ...]) -> asn1_crl.CertificateList:
    loaded = _List.load(crl.der, strict=True)
    serials = {core.Integer(c.serial).dump() for c in chain[:-1]}
    loaded["tbs_cert_list"].named = tuple(
        entry for serial in sorted(serials) for entry in _entries_naming(crl, serial)
    )
    return loaded
