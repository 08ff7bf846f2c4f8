"""Primitives: digests, signatures, public keys and this node's own keys.

Nothing here knows documents, policies or networks. Only `provider` touches files.
"""
