"""Endpoints that an operator describes as data: validated when they are saved.

Only by whoever runs this node: a registration document, or a followed list, describes none, for a
description says what is sent where, and with which secrets.
"""

import json
from collections.abc import Sequence

from app.domain.identifier import IssuerCode
from app.domain.issuer import Adapter, EndpointKind
from app.formats.mapped.description import read_description
from app.formats.share.description import ADAPTER, read_platform
from app.registry.entries import EndpointEntry
from app.registry.urls import read_networks, read_url


def described_endpoint(
    owner: IssuerCode, document: object, *, networks: Sequence[str] = ()
) -> EndpointEntry:
    """By the adapter that the description names; without a name it is `mapped`.

    Args and Raises as `mapped_endpoint`.
    """
    if isinstance(document, dict) and document.get("adapter") == ADAPTER:
        return share_endpoint(owner, document, networks=networks)
    return mapped_endpoint(owner, document, networks=networks)


def share_endpoint(
    owner: IssuerCode, document: object, *, networks: Sequence[str] = ()
) -> EndpointEntry:
    """A body's own endpoint by adapter `share-gateway`. Args and Raises as `mapped_endpoint`."""
    opened = read_networks("network", networks)
    platform = read_platform(document)
    return EndpointEntry(
        issuer=owner,
        url=read_url("url", platform.url, opened),
        kind=EndpointKind.ISSUER,
        adapter=Adapter.SHARE_GATEWAY,
        networks=opened,
        description=json.dumps(document, ensure_ascii=False, sort_keys=True),
    )


def mapped_endpoint(
    owner: IssuerCode, document: object, *, networks: Sequence[str] = ()
) -> EndpointEntry:
    """A body's own endpoint by adapter `mapped`.

    Args:
        owner: whose endpoint it is, and whose secrets it may name.
        document: the description, as parsed JSON.
        networks: CIDR networks beyond public addresses that the operator opens for it.

    Raises:
        Refused: names the member and how to mend it.
    """
    opened = read_networks("network", networks)
    described = read_description(document)
    return EndpointEntry(
        issuer=owner,
        url=read_url("url", described.url, opened),
        kind=EndpointKind.ISSUER,
        adapter=Adapter.MAPPED,
        networks=opened,
        description=json.dumps(document, ensure_ascii=False, sort_keys=True),
    )
