"""Everything this service raises on purpose.

ServiceError
├── UnrecognisedFormat   the bytes are none of the formats we read
├── Malformed            a recognised format that cannot be read exactly
├── InvalidSignature     a primitive refused a signature value
├── InvalidKey           the ingest gate refused a public key
├── Refused              a request that cannot be carried out as asked; names the field
└── Unavailable          the database or the journal does not answer; never a verdict
"""


class ServiceError(Exception):
    """Base of every error raised on purpose. Knows nothing about HTTP."""


class UnrecognisedFormat(ServiceError):
    """The bytes are none of the formats read here."""


class Malformed(ServiceError):
    """A recognised format that cannot be read exactly.

    The message is for engineers and is stored: it names places and limits, never content.
    """


class InvalidSignature(ServiceError):
    """A primitive refused a signature value."""


class InvalidKey(ServiceError):
    """The key-ingest gate refused a public key; the message names the rule."""


class Refused(ServiceError):
    """A request that cannot be carried out as asked."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Unavailable(ServiceError):
    """What must be written or read cannot be; try again later."""
