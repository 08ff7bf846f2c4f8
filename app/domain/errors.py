"""Everything this service raises on purpose.

ServiceError
├── UnrecognisedFormat   the bytes are none of the formats we read
├── Malformed            a recognised format that cannot be read exactly
│   ├── BeyondLimits     its own rules may hold; it is larger or rarer than what is read here
│   ├── Encrypted        nothing of it can be read without a secret
│   ├── ImageNotRead     no picture of its kind, or whatever read it died of it
│   └── NotFinished      whatever verified it ended with it, again and again
├── InvalidSignature     a primitive refused a signature value
│   └── UnknownAlgorithm nothing was computed: it is by an algorithm not in our table
├── InvalidKey           the ingest gate refused a public key
├── Refused              a request that cannot be carried out as asked; names the field
├── NotYours             a caller that may not write, or read, in that issuer's name
└── Unavailable          the database or the journal does not answer; never a verdict
"""

from typing import ClassVar

from app.domain.reasons import Reason


class ServiceError(Exception):
    """Base of every error raised on purpose. Knows nothing about HTTP."""


class UnrecognisedFormat(ServiceError):
    """The bytes are none of the formats read here."""


class Malformed(ServiceError):
    """A recognised format that cannot be read exactly.

    The message is for engineers and is stored: it names places and limits, never content.
    """

    why: ClassVar[Reason] = Reason.MALFORMED
    """What a verdict says of a document that cannot be read for this reason."""


class BeyondLimits(Malformed):
    """Over a limit of this reader, or by a means it does not know; no rule of the format is broken.

    That is our limit and no fault of the document, so it is doubt and never a failure.
    """

    why: ClassVar[Reason] = Reason.BEYOND_LIMITS


class Encrypted(Malformed):
    """Readable only with a secret, which this service does not ask for."""

    why: ClassVar[Reason] = Reason.ENCRYPTED


class ImageNotRead(Malformed):
    """Nothing was seen in a picture: that says nothing about the license in it."""

    why: ClassVar[Reason] = Reason.IMAGE_NOT_READ


class NotFinished(Malformed):
    """Worker after worker ended while it was verified: it is not tried for ever."""

    why: ClassVar[Reason] = Reason.NOT_FINISHED


class InvalidSignature(ServiceError):
    """A primitive refused a signature value."""


class UnknownAlgorithm(InvalidSignature):
    """Nothing was computed: the algorithm is not in our table, which is no fault of the document.

    A MAC, `none`, and an algorithm that does not go with its key or its digest are none of these.
    """


class InvalidKey(ServiceError):
    """The key-ingest gate refused a public key; the message names the rule."""


class Refused(ServiceError):
    """A request that cannot be carried out as asked."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotYours(ServiceError):
    """Nothing of this issuer is the caller's to write; the same for an issuer nobody knows."""


class Unavailable(ServiceError):
    """What must be written or read cannot be; try again later."""
