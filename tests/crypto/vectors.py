"""Vector files in Wycheproof's schema, and the script that made ours."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

SM2 = Path(__file__).parents[2] / "conformance" / "vectors" / "sm2"


@dataclass(frozen=True, slots=True)
class Vector:
    """One test of a vector file with what its group says."""

    group: dict[str, Any]
    test: dict[str, Any]

    @property
    def message(self) -> bytes:
        return bytes.fromhex(self.test["msg"])

    @property
    def value(self) -> bytes:
        return bytes.fromhex(self.test["sig"])

    @property
    def valid(self) -> bool:
        return bool(self.test["result"] == "valid")

    @property
    def spki(self) -> bytes:
        return bytes.fromhex(self.group["publicKeyDer"])

    @property
    def point(self) -> bytes:
        return bytes.fromhex(self.group["publicKey"]["uncompressed"])

    @property
    def signer_id(self) -> bytes:
        return bytes.fromhex(self.group["id"])

    @property
    def raw(self) -> bool:
        return bool(self.group["type"] == "EcdsaP1363Verify")

    @property
    def flags(self) -> list[str]:
        return list(self.test["flags"])

    def __str__(self) -> str:
        return f"tc{self.test['tcId']} {self.test['comment']} {self.flags}"


def read(path: Path) -> Iterator[Vector]:
    document = json.loads(path.read_text(encoding="utf-8"))
    for group in document["testGroups"]:
        for test in group["tests"]:
            yield Vector(group, test)


def sm2() -> list[Vector]:
    return list(read(SM2 / "sm2_sm3_verify.json"))


def maker() -> ModuleType:
    """The script that made the SM2 vectors: an implementation of its own, for comparison."""
    name = "sm2_vector_maker"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, SM2 / "make.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]
