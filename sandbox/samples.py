"""Samples for people and for `make run`: a file or facts, and what must be said of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.attacks import ATTACKS, INVALID, OPEN, VALID
from sandbox.jws import JsonObject
from sandbox.licenses import License
from sandbox.world import World


@dataclass(frozen=True, slots=True)
class Sample:
    """`content` is a token; or `facts` are what somebody typed in. One of the two."""

    name: str
    conclusion: str
    reason: str | None
    zh: str
    en: str
    content: bytes | None = None
    facts: JsonObject | None = None

    @property
    def file(self) -> str | None:
        return None if self.content is None else f"samples/{self.name}.jws"

    def told(self) -> JsonObject:
        return {
            "name": self.name,
            "file": self.file,
            "facts": self.facts,
            "expect": {"conclusion": self.conclusion, "reason": self.reason},
            "zh": self.zh,
            "en": self.en,
        }


GENUINE: tuple[tuple[str, str, str, str, str | None, str, str], ...] = (
    ("business-license", "market", "in_force", VALID, None,
     "营业执照，SM2 签名，在有效状态。", "Business license signed with SM2, in force."),
    ("driving-license", "traffic", "in_force", VALID, None,
     "机动车驾驶证，P-256 签名，在有效状态。", "Driving license signed with P-256, in force."),
    ("degree", "university", "in_force", VALID, None,
     "学位证书，Ed25519 签名。", "Degree certificate signed with Ed25519."),
    ("construction-permit", "housing", "in_force", VALID, None,
     "施工许可证，RSA-PSS 签名。", "Construction permit signed with RSA-PSS."),
    ("signed-by-delegate", "housing", "delegated", VALID, None,
     "省厅的许可证，由受委托的市局签署。", "A provincial permit signed by the city delegate."),
    ("long-term", "market", "long_term", VALID, None,
     "有效期为长期。", "No end date: long-term."),
    ("renewed", "traffic", "renewed", VALID, None,
     "证面已过期，但颁发机构已准予延续（行政许可法第五十条）。",
     "Past its own date, but renewed: the issuer says in force (Administrative License Law 50)."),
    ("new-version", "market", "successor", VALID, None,
     "换发后的新版本。", "The reissued, newer version."),
    ("old-version", "market", "superseded", INVALID, "ended",
     "换发前的旧版本，签名仍然成立。", "The version before reissue; its signature still holds."),
    ("not-yet-in-force", "housing", "not_yet", INVALID, "not_yet_in_force",
     "尚未生效。", "Not yet in force."),
    ("suspended", "traffic", "suspended", INVALID, "suspended",
     "已暂扣。", "Suspended."),
    ("suspension-over", "traffic", "resumed", VALID, None,
     "暂扣期满，已发还。", "Was suspended; the suspension is over."),
    ("expired", "market", "expired", INVALID, "ended",
     "有效期届满未延续。", "Expired and not renewed."),
    ("annulled", "university", "annulled", INVALID, "ended",
     "学位已被撤销。", "Degree annulled: as if never granted."),
    ("withdrawn", "housing", "withdrawn", INVALID, "ended",
     "许可已撤回。", "Permit withdrawn."),
    ("revoked", "market", "revoked", INVALID, "ended",
     "营业执照已吊销。", "Business license revoked as a penalty."),
    ("cancelled", "market", "cancelled", INVALID, "ended",
     "已注销。", "Cancelled (deregistered)."),
    ("void", "university", "void", INVALID, "ended",
     "已声明作废。", "Declared void."),
    ("retired-key", "university", "retired_key", VALID, None,
     "签署密钥已停用，但颁发机构确认了这份文件。",
     "Its key has retired since; the issuer confirms this very file."),
    ("revoked-key", "market", "revoked_key", VALID, None,
     "签署密钥后来被吊销，但颁发机构确认了这份文件。",
     "Its key was revoked later; the issuer confirms this very file."),
)  # fmt: skip
"""Name, issuer, scenario, conclusion, reason, and a sentence in two languages."""

FORGED: tuple[tuple[str, str, str], ...] = (
    ("altered_payload", "证照编号被改动。", "The number was changed after signing."),
    ("foreign_key", "用别的密钥签署，冒用原密钥名。", "Signed by another key under the old name."),
    ("unknown_kid", "签名密钥未登记。", "Signed under a key name that nobody registered."),
    ("revoked_key", "密钥被吊销之后签署。", "Signed after the key was revoked."),
    ("future_key", "用尚未启用的密钥签署。", "Signed with a key that is not in use yet."),
    ("unknown_issuer", "颁发机构未登记。", "Its issuer is not registered."),
    ("never_issued", "签名真实，但颁发机构查无此证。", "Genuine key, but in nobody's books."),
    ("alg_none", "声称不需要签名。", "Claims to need no signature."),
    ("payload_duplicate_keys", "同一字段出现两次。", "The same member stands twice."),
    ("wrong_check_character", "证照标识的校验位不对。", "Its check character is wrong."),
    ("exp_past", "出示令牌已过时。", "The presentation token has run out."),
    ("copy_expired", "加注件已过有效期。", "The annotated copy has run out."),
)  # fmt: skip
"""Attack and its sentences."""


def make_samples(world: World) -> tuple[Sample, ...]:
    return (*_genuine(world), *_copies(world), *_forged(world), *_facts(world))


def _genuine(world: World) -> Iterator[Sample]:
    for name, issuer, scenario, conclusion, reason, zh, en in GENUINE:
        token = world.token(world.pick(issuer, scenario))
        yield Sample(name, conclusion, reason, zh, en, token)


def _copies(world: World) -> Iterator[Sample]:
    yield Sample(
        "annotated-copy",
        VALID,
        None,
        "加注件，由共享平台签署，在有效期内。",
        "An annotated copy signed by the share platform, within its time.",
        world.copy_token(world.copies[0]),
    )


def _forged(world: World) -> Iterator[Sample]:
    for name, zh, en in FORGED:
        attack = ATTACKS[name]
        file = f"forged-{name.replace('_', '-')}"
        yield Sample(file, attack.conclusion, attack.reason, zh, en, attack.make(world))


def _facts(world: World) -> Iterator[Sample]:
    degree, permit = world.pick("university"), world.pick("housing")
    other = world.of("university", "in_force")[1]
    ended = world.pick("university", "annulled")
    yield Sample(
        "facts-match", VALID, None,
        "按编号和持证人核验，全部一致。", "Asked by number and holder; all agree.",
        facts=asked(degree),
    )  # fmt: skip
    yield Sample(
        "facts-identifier", VALID, None,
        "按证照标识、编号和持证单位核验。", "Asked by identifier, number and holder.",
        facts={"identifier": permit.id, **asked(permit)},
    )  # fmt: skip
    yield Sample(
        "facts-other-holder", INVALID, "record_mismatch",
        "编号存在，持证人不是此人。", "The number exists; the holder is another.",
        facts={**asked(degree), **{k: asked(other)[k] for k in ("holder", "holder_code")}},
    )  # fmt: skip
    yield Sample(
        "facts-not-found", INVALID, "not_found",
        "查无此编号。", "No such number.",
        facts={**asked(degree), "number": "9963292099999999"},
    )  # fmt: skip
    yield Sample(
        "facts-ended", INVALID, "ended",
        "信息一致，但学位已被撤销。", "The facts agree, but the degree was annulled.",
        facts=asked(ended),
    )  # fmt: skip
    yield Sample(
        "facts-number-alone", OPEN, "insufficient_facts",
        "只有编号，不予核验。", "A number alone is a guess.",
        facts={name: asked(degree)[name] for name in ("issuer", "type", "number")},
    )  # fmt: skip


def asked(license: License) -> JsonObject:
    """What a clerk would type from a license: type, number, holder."""
    return {
        "issuer": license.issuer,
        "type": license.type,
        "number": license.number,
        "holder": license.holder.name,
        "holder_code": license.holder.code,
    }
