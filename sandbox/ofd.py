"""Sealing and packing OFD files: GB/T 33190 ch. 18, GM/T 0099 annex B, values of `sandbox.ses`.

A `Job` says who seals what in which shape; unbent it makes what an honest producer makes. Every
step has a place where a forger, or a careless producer, can bend it.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sandbox import archive, pages, ses
from sandbox.archive import Entry
from sandbox.authorities import Unit
from sandbox.pages import Made, Parts
from sandbox.seals import SealHolder
from sandbox.ses import Picture, SealPlan, SignaturePlan
from sandbox.shapes import Shape
from sandbox.sm2 import sm3

SIGNATURE, VALUE, SEAL = "Signature.xml", "SignedValue.dat", "Seal.esl"
STAMP_BOX = "140 225 38 38"

Reference = tuple[str, bytes]
"""FileRef and CheckValue."""
Digest = Callable[[bytes], bytes]


def same_parts(parts: Parts) -> Parts:
    return parts


def same_references(references: list[Reference]) -> list[Reference]:
    return references


def same_bytes(data: bytes) -> bytes:
    return data


def same_seal(plan: SealPlan) -> SealPlan:
    return plan


def same_signature(plan: SignaturePlan) -> SignaturePlan:
    return plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Bends:
    """Where a sealing can be bent, in the order in which it happens."""

    draft: Callable[[Parts], Parts] = same_parts
    """The document before it is sealed."""
    seal: Callable[[SealPlan], SealPlan] = same_seal
    """The seal before its maker signs it."""
    seal_file: Callable[[bytes], bytes] = same_bytes
    """Seal.esl, otherwise the seal as used."""
    covered: Callable[[Parts], Parts] = same_parts
    """What References are computed from: parts left out are not covered."""
    digest: Digest = sm3
    """Of References."""
    references: Callable[[list[Reference]], list[Reference]] = same_references
    description: Callable[[bytes], bytes] = same_bytes
    """Signature.xml before it is hashed into dataHash."""
    data_hash: Digest = sm3
    signature: Callable[[SignaturePlan], SignaturePlan] = same_signature
    value: Callable[[bytes], bytes] = same_bytes
    """SignedValue.dat."""
    after: Callable[[Parts], Parts] = same_parts
    """The package after it was sealed: what a forger without a key can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One signature to be put on a document."""

    holder: SealHolder
    at: datetime
    unit: Unit | None = None
    """Whose key and certificate sign; None: the holder's."""
    bends: Bends = field(default_factory=Bends)
    method: str | None = None
    """SignatureMethod in Signature.xml, where it is not the shape's."""
    check_method: str | None = None
    """CheckMethod likewise; empty: the attribute is left out."""
    clock: str | None = None
    """SignatureDateTime likewise."""
    layout: ses.Layout = ses.Layout.V4
    """The standard the seal and its use are written by."""
    plain: ses.Signing | None = None
    """签名 in place of 签章: from Signature.xml to SignedValue.dat, without a seal."""
    stamps: str | None = None
    """StampAnnot elements, where it is not one in the usual place."""


def write(made: Made, shape: Shape, *jobs: Job) -> bytes:
    """The whole file: document, seals in their order, archive."""
    return pack(sealed(made, shape, *jobs), shape)


def sealed(made: Made, shape: Shape, *jobs: Job) -> Parts:
    """The parts of a sealed document."""
    parts = pages.document(made, shape, sealed=bool(jobs))
    for ordinal, job in enumerate(jobs):
        parts = put_seal(parts, shape, job, ordinal)
    return parts


def pack(parts: Parts, shape: Shape) -> bytes:
    return archive.archive(entries_of(parts, shape))


def entries_of(parts: Parts, shape: Shape) -> list[Entry]:
    return archive.entries(parts, compress=shape.compress)


def put_seal(parts: Parts, shape: Shape, job: Job, ordinal: int = 0) -> Parts:
    """Add one signature: list, description, seal file, value."""
    bends = job.bends
    number = shape.first + ordinal
    folder = f"Doc_0/Signs/Sign_{number}"
    parts = bends.draft(dict(parts))
    kind = None if job.plain is None else "Sign"
    parts[shape.list_part] = _list(shape, parts.get(shape.list_part), number, kind)
    if job.plain is not None:
        content = bends.description(_description(parts, shape, job, number))
        parts[f"{folder}/{SIGNATURE}"] = content
        parts[f"{folder}/{VALUE}"] = bends.value(job.plain(content))
        return bends.after(parts)
    used = ses.seal(bends.seal(seal_plan(job.holder, shape).following(job.layout)))
    if shape.seal_file is not None:
        parts[f"{folder}/{SEAL}"] = bends.seal_file(used)
    content = bends.description(_description(parts, shape, job, number))
    plan = SignaturePlan(
        seal=used,
        signer=job.unit or job.holder.unit,
        at=job.at,
        data_hash=bends.data_hash(content),
        property_info=f"/{folder}/{SIGNATURE}",
        raw_value=shape.raw_value,
        times=shape.times,
    ).following(job.layout)
    parts[f"{folder}/{SIGNATURE}"] = content
    parts[f"{folder}/{VALUE}"] = bends.value(ses.signature(bends.signature(plan)))
    return bends.after(parts)


def seal_plan(holder: SealHolder, shape: Shape) -> SealPlan:
    """The holder's seal as this producer's seal maker writes it."""
    plan = holder.seal_plan(shape.picture, raw=shape.raw_seal)
    if shape.picture == "ofd":
        plan = replace(plan, picture=Picture("ofd", vector(holder)))
    list_type = max(shape.list_type, plan.list_type)
    return replace(plan, times=shape.times, list_type=list_type)


def vector(holder: SealHolder) -> bytes:
    """The seal as a drawing: an OFD package of its own, as some seal makers embed it."""
    space = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    root = (
        f'{head}<ofd:OFD {space} Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
        f"<ofd:DocID>{sm3(holder.code.encode())[:16].hex()}</ofd:DocID></ofd:DocInfo>"
        "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>"
    )
    document = (
        f"{head}<ofd:Document {space}><ofd:CommonData><ofd:MaxUnitID>9</ofd:MaxUnitID>"
        "<ofd:PageArea><ofd:PhysicalBox>0 0 38 38</ofd:PhysicalBox></ofd:PageArea>"
        '</ofd:CommonData><ofd:Pages><ofd:Page ID="1" BaseLoc="Page.xml"/></ofd:Pages>'
        "</ofd:Document>"
    )
    drawn = (
        "M 19 1 A 18 18 0 0 1 19 37 A 18 18 0 0 1 19 1 M 19 11 L 14 27 L 27 17 L 11 17 L 24 27 C"
    )
    page = (
        f'{head}<ofd:Page {space}><ofd:Content><ofd:Layer ID="2"><ofd:PathObject ID="3" '
        'Boundary="0 0 38 38" LineWidth="1"><ofd:StrokeColor Value="200 20 20"/>'
        f"<ofd:AbbreviatedData>{drawn}</ofd:AbbreviatedData></ofd:PathObject></ofd:Layer>"
        "</ofd:Content></ofd:Page>"
    )
    parts = {"OFD.xml": root, "Doc_0/Document.xml": document, "Doc_0/Page.xml": page}
    encoded = {name: text.encode() for name, text in parts.items()}
    return archive.archive(archive.entries(encoded, compress=True))


# ---- Signatures.xml and Signature.xml


def _list(shape: Shape, before: bytes | None, number: int, plain: str | None = None) -> bytes:
    """The list with one more entry; of Type `plain`, or a seal."""
    kind = ' Type="Seal"' if shape.typed else ""
    if plain is not None:
        kind = f' Type="{plain}"'
    signature_id = shape.id_form.format(number + 1)
    location = f"/Doc_0/Signs/Sign_{number}/{SIGNATURE}"
    entry = f'<ofd:Signature ID="{signature_id}"{kind} BaseLoc="{location}"/>'
    if before is not None:
        return before.replace(b"</ofd:Signatures>", entry.encode() + b"</ofd:Signatures>")
    head = f"<ofd:MaxSignId>{signature_id}</ofd:MaxSignId>"
    return pages.element(shape, "Signatures", head + entry)


def _description(parts: Parts, shape: Shape, job: Job, number: int) -> bytes:
    bends = job.bends
    covered = bends.covered(_coverable(parts, shape))
    listed = [
        (shape.reference.format(name), bends.digest(content)) for name, content in covered.items()
    ]
    body = "".join(
        f'<ofd:Reference FileRef="{target}"><ofd:CheckValue>'
        f"{base64.b64encode(value).decode()}</ofd:CheckValue></ofd:Reference>"
        for target, value in bends.references(listed)
    )
    method = shape.check_method if job.check_method is None else job.check_method
    attribute = f' CheckMethod="{method}"' if method else ""
    signature_id = shape.id_form.format(number + 1)
    seal = ""
    if shape.seal_file is not None and job.plain is None:
        location = shape.seal_file.format(number)
        seal = f"<ofd:Seal><ofd:BaseLoc>{location}</ofd:BaseLoc></ofd:Seal>"
    stamps = job.stamps
    if stamps is None:
        stamps = f'<ofd:StampAnnot ID="{signature_id}" PageRef="3" Boundary="{STAMP_BOX}"/>'
    if job.plain is not None:
        stamps = ""
    info = (
        f"<ofd:Provider {shape.provider}/>"
        f"<ofd:SignatureMethod>{job.method or shape.method}</ofd:SignatureMethod>"
        f"<ofd:SignatureDateTime>{job.clock or shape.clock(job.at)}</ofd:SignatureDateTime>"
        f"<ofd:References{attribute}>{body}</ofd:References>"
        f"{stamps}{seal}"
    )
    value = f"<ofd:SignedValue>/Doc_0/Signs/Sign_{number}/{VALUE}</ofd:SignedValue>"
    return pages.element(shape, "Signature", f"<ofd:SignedInfo>{info}</ofd:SignedInfo>{value}")


def _coverable(parts: Parts, shape: Shape) -> Parts:
    """Everything there is so far, but what the shape leaves open."""
    left_open = set()
    if not shape.covers_ofd:
        left_open.add(pages.OFD_XML)
    if not shape.covers_list:
        left_open.add(shape.list_part)
    return {name: content for name, content in parts.items() if name not in left_open}
