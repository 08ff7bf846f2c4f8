"""SignedData of GB/T 35275-2017 and RFC 5652, read and verified."""

from app.crypto.cms.read import read_cms
from app.crypto.cms.verify import content_agrees, named_scheme, verify_cms, verify_cms_by

__all__ = ["content_agrees", "named_scheme", "read_cms", "verify_cms", "verify_cms_by"]
