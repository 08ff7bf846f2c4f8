"""Writing a world to a folder: registration, licenses, annotated copies, samples."""

import json
from collections.abc import Mapping
from pathlib import Path

from sandbox.bodies import moment
from sandbox.licenses import status_at
from sandbox.registration import registration
from sandbox.samples import make_samples
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
    made = make_samples(world)
    for sample in made:
        if sample.content is not None and sample.file is not None:
            (out / sample.file).write_bytes(sample.content)
    _write_json(out / "samples.json", [sample.told() for sample in made])
    _write_json(out / "licenses.json", _index(world))
    _write_json(out / "registration.json", registration(world, endpoints))
    return len(world.licenses)


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
