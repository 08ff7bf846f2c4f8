"""Examples that documentation shows, made from the test world: `python -m tests.examples` writes."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.crypto.keys import PublicKey, read_public_key
from app.domain.scheme import Scheme
from app.domain.verification import Submission
from app.services.publish import ReportPublisher
from tests.world import COMPARED, World, token

EXAMPLE = Path(__file__).parents[1] / "app/schemas/verification.example.json"
ID = "AAECAwQFBgcICQoLDA0ODw"


class ExampleKeys:
    """One fixed key; it signs nothing but this example."""

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
        spki = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public: PublicKey = read_public_key(spki)
        self.kid = self.public.jwk_thumbprint
        self.scheme = Scheme.ED25519
        self.public_jwk = self.public.public_jwk()

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def signer(self) -> "ExampleKeys":
        return self


def answer() -> dict[str, Any]:
    """What `POST /v1/verifications` answers to a good token."""
    world = World(answer=COMPARED)
    receipt = asyncio.run(world.verifier().verify(Submission(content=token())))
    publisher = ReportPublisher(keys=ExampleKeys(), node="zhengyan-example", version="0.1.0")  # type: ignore[arg-type]
    published = publisher.publish(replace(receipt.verification, id=ID))
    return {"report": published.report, "jws": published.jws}


if __name__ == "__main__":
    EXAMPLE.write_text(json.dumps(answer(), ensure_ascii=False, indent=2) + "\n", "utf-8")
