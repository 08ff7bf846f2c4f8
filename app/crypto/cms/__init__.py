"""SignedData of GB/T 35275-2017 and RFC 5652, read and verified."""

from app.crypto.cms.read import read_cms
from app.crypto.cms.verify import content_agrees, verify_cms

__all__ = ["content_agrees", "read_cms", "verify_cms"]
