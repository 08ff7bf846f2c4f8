"""JWS compact serialisation (RFC 7515), written and read without a JOSE library."""

import json
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.keys import b64, unb64

JsonObject = dict[str, Any]


class Signer(Protocol):
    """Anything that signs: a key, or a forger's pretence of one."""

    def sign(self, message: bytes) -> bytes: ...


def to_json(value: object) -> bytes:
    """UTF-8, no spaces, members in the order they were put in."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def compact(header: bytes, payload: bytes, signature: bytes) -> bytes:
    return ".".join(b64(part) for part in (header, payload, signature)).encode()


def sign(header: JsonObject, payload: JsonObject, key: Signer) -> bytes:
    """The token of this header and payload."""
    return sign_raw(to_json(header), to_json(payload), key)


def sign_raw(header: bytes, payload: bytes, key: Signer) -> bytes:
    """The same for bytes that need not be JSON at all."""
    return compact(header, payload, key.sign(signing_input(header, payload)))


def signing_input(header: bytes, payload: bytes) -> bytes:
    return f"{b64(header)}.{b64(payload)}".encode()


@dataclass(frozen=True, slots=True)
class Parts:
    """A token taken apart; nothing is verified yet."""

    header: JsonObject
    payload: JsonObject
    signature: bytes
    signed: bytes
    """What the signature is over."""


def split(token: bytes) -> Parts:
    """Take three parts, unpadded and canonical, of JSON objects without duplicates.

    Raises ValueError otherwise.
    """
    parts = token.decode("ascii").split(".")
    if len(parts) != 3:
        raise ValueError("a compact JWS has three parts")
    header, payload, signature = (unb64(part) for part in parts)
    signed = token[: token.rindex(b".")]
    return Parts(read_object(header), read_object(payload), signature, signed)


def read_object(data: bytes) -> JsonObject:
    """A JSON object; ValueError for duplicates, constants like NaN, and anything else."""
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one error for all bad tokens
    return value


def _unique(pairs: list[tuple[str, Any]]) -> JsonObject:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
