"""Endpoints that an operator describes as data: validated when they are saved.

Only by whoever runs this node: a registration document, or a followed list, describes none, for a
description says what is sent where, and with which secrets.
"""

import json
from collections.abc import Sequence

from app.domain.identifier import IssuerCode
from app.domain.issuer import Adapter, EndpointKind
from app.formats.mapped.description import read_description
from app.registry.entries import EndpointEntry
from app.registry.urls import read_networks, read_url


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
