"""Writing a world to a folder: registration, authorities, licenses, copies, samples."""

import json
from collections.abc import Mapping
from pathlib import Path

from sandbox.bodies import moment
from sandbox.document_attacks import forged_documents
from sandbox.documents import make_documents
from sandbox.licenses import status_at
from sandbox.ofd_samples import make_ofd_samples
from sandbox.pki import pem
from sandbox.registration import registration
from sandbox.samples import make_samples
from sandbox.seal_register import KEEPER, platform
from sandbox.trust import authorities
from sandbox.world import World


def write_world(world: World, out: Path, endpoints: Mapping[str, str]) -> int:
    """All files; how many licenses there are. Raises OSError where the folder cannot be used."""
    licenses, copies, samples = out / "licenses", out / "copies", out / "samples"
    for folder in (licenses, copies, samples):
        folder.mkdir(parents=True, exist_ok=True)
    for license in world.licenses:
        (licenses / f"{license.id}.jws").write_bytes(world.token(license))
    for ordinal, copy in enumerate(world.copies):
        file = copies / f"{copy.license.id}-{ordinal}.jws"
        file.write_bytes(world.copy_token(copy))
        file.with_suffix(".ofd").write_bytes(world.copy_ofd(copy))
    made = make_samples(world)
    for sample in made:
        if sample.content is not None and sample.file is not None:
            (out / sample.file).write_bytes(sample.content)
    _write_json(out / "samples.json", [sample.told() for sample in made])
    sealed = make_ofd_samples(world)
    for one in sealed:
        (out / one.file).write_bytes(one.content)
    _write_json(out / "samples-ofd.json", [one.told() for one in sealed])
    (out / "documents").mkdir(exist_ok=True)
    documents = (*make_documents(world), *forged_documents(world))
    for each in documents:
        (out / each.file).write_bytes(each.content)
    _write_json(out / "documents.json", [each.told() for each in documents])
    _write_json(out / "licenses.json", _index(world))
    keeper = endpoints.get(world.body(KEEPER).code)
    platforms = {} if keeper is None else {KEEPER: platform(keeper)}
    known = registration(world, endpoints, platforms=platforms)
    _write_json(out / "registration.json", known)
    _write_json(out / "authorities.json", authorities(world))
    _write_pki(world, out / "pki")
    return len(world.licenses)


def _write_pki(world: World, folder: Path) -> None:
    """The same authorities as files, for commands that take a certificate or a list."""
    folder.mkdir(exist_ok=True)
    made = world.authorities
    authorities = (
        ("root", made.root),
        ("seal-ca", made.issuing),
        ("maker-root", made.maker_root),
        ("maker-ca", made.making),
    )
    for name, der in ((name, authority.certificate) for name, authority in authorities):
        (folder / f"{name}.cer").write_bytes(der)
        (folder / f"{name}.pem").write_bytes(pem(der, "CERTIFICATE"))
    lists = (
        ("root", made.root_crl),
        ("seal-ca", made.issuing_crl),
        ("maker-root", made.maker_root_crl),
        ("maker-ca", made.making_crl),
        ("stale", made.stale_crl),
    )
    for name, der in lists:
        (folder / f"{name}.crl").write_bytes(der)
        (folder / f"{name}.crl.pem").write_bytes(pem(der, "X509 CRL"))


def _index(world: World) -> list[dict[str, object]]:
    """What each license is, for whoever looks for one in a given state."""
    noon = moment(world.today, 12)
    return [
        {
            "identifier": license.id,
            "file": f"licenses/{license.id}.jws",
            "issuer": license.issuer,
            "signer": license.signer,
            "kid": license.kid,
            "number": license.number,
            "scenario": license.scenario,
            "state": status_at(license, noon).state.value,
            "outcome": int(status_at(license, noon).outcome),
        }
        for license in world.licenses
    ]


def _write_json(file: Path, value: object) -> None:
    """Written beside and moved, so that nobody reads half a file."""
    beside = file.with_name(file.name + ".new")
    beside.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    beside.replace(file)
