"""Whom an issuer lets ask: the nodes that verify, and their public keys.

A node is told as `{"node": "<its id>", "keys": [JWK with kid and alg, …]}`, several as
`{"nodes": […]}`; this is a JWK Set (RFC 7517 §5) with one member more. It comes from a file or a
loopback URL (read again when an unknown key asks, at most once a second) or over
`POST /_sandbox/nodes`. An inquiry carries no key, so there can be no trust on first use; `anyone`
answers every node without looking at its signature, for a demonstration only.
"""

import asyncio
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from sandbox import jws
from sandbox.jws import JsonObject
from sandbox.keys import Public, public_from_jwk

RELOAD_AFTER = 1.0
"""Seconds between two readings of the source."""
MAX_SOURCE = 256 * 1024
"""Bytes of it."""


class Nodes:
    def __init__(self, source: str | None = None, *, anyone: bool = False) -> None:
        self.anyone = anyone
        self._source = source
        self._read_at = float("-inf")
        self._keys: dict[tuple[str, str], Public] = {}

    def add(self, document: JsonObject) -> int:
        """Register all nodes of a document; how many keys came. Raises ValueError."""
        count = 0
        for node in document.get("nodes", [document]):
            name = node.get("node")
            if not isinstance(name, str) or not isinstance(node.get("keys"), list):
                raise ValueError('a node is {"node": id, "keys": [JWK, …]}')  # noqa: TRY004
            for jwk in node["keys"]:
                key = public_from_jwk(jwk)
                if jwk.get("alg") not in {None, key.alg, "Ed25519"}:
                    raise ValueError("the key's alg is not that of its curve")
                self._keys[name, str(jwk.get("kid", ""))] = key
                count += 1
        return count

    def add_key(self, node: str, kid: str, key: Public) -> None:
        self._keys[node, kid] = key

    async def find(self, node: str, kid: str) -> Public | None:
        known = self._keys.get((node, kid))
        if known is None and self._source is not None and self._due():
            await self._reload(self._source)
            known = self._keys.get((node, kid))
        return known

    def _due(self) -> bool:
        return time.monotonic() - self._read_at >= RELOAD_AFTER

    async def _reload(self, source: str) -> None:
        self._read_at = time.monotonic()
        try:
            text = await asyncio.to_thread(_fetch, source)
            self.add(jws.read_object(text))
        except (OSError, ValueError):
            return  # not there yet; the asker is refused and may ask again


def _fetch(source: str) -> bytes:
    if not source.startswith("http://"):
        with Path(source).open("rb") as file:
            return file.read(MAX_SOURCE)
    if urlsplit(source).hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise ValueError("node keys are fetched from this machine only")
    with urllib.request.urlopen(source, timeout=2) as answer:  # noqa: S310 - http, loopback
        data = answer.read(MAX_SOURCE)
    if not isinstance(data, bytes):
        raise TypeError("no bytes")
    return data
