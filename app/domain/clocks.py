"""How far clocks may be apart, one constant a meaning.

A tolerance is a hole of its own size: within it, what comes later than it says passes. So each has
its reason, stands here and nowhere else, and is as small as real clocks allow.
"""

from datetime import timedelta
from typing import Final

CLOCK_SKEW: Final = timedelta(minutes=1)
"""Between this node and whoever signs or answers now: callers, issuers, other nodes, publishers of
lists, signers, timestamp services. They keep their clocks by NTP and are off by seconds; threats
SIG-12 allows a leeway of 60 s at most, and docs/ivp.md promises that much to those who ask.
"""

AUTHORITY_SKEW: Final = timedelta(minutes=5)
"""By which thisUpdate of a revocation list or an OCSP response may be ahead of us. Such lists are
made by machines off the net that nobody asks the time of, and are good for days: five minutes lose
nothing, and one list refused makes every certificate below it `revocation_unavailable`.
"""

CLOCKS_AGREE: Final = timedelta(minutes=10)
"""Between SignatureDateTime in Signature.xml and the time under the signature: both by the signer's
side, one written when sealing begins and one when a device or a person has signed (OFD-22). It
decides whether the two tell one story, never whether a time is within a period.
"""
