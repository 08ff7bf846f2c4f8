"""A trust list in a folder, for the command line: `trust-list.json`, and whose it must be.

`signers.json` holds the keys the folder's owner trusts; without it the list counts for nothing. An
expired list is read all the same, so that verdicts say that it is out of date.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from app.crypto.jose import JsonLimits, read_json_object
from app.domain.errors import Malformed, Refused
from app.domain.trust import TrustSource
from app.domain.trustlist import Refusal, accept
from app.registry.lists.index import ListIndex
from app.registry.lists.signed import MAX_LIST, read_list
from app.registry.lists.store import read_pinned
from app.registry.lists.view import Followed, View
from app.registry.lists.withdrawals import withdrawals_of

LIST_NAME: Final = "trust-list.json"
SIGNERS_NAME: Final = "signers.json"
MAX_PINNED: Final = 64 * 1024
"""Bytes of signers.json."""


def read_view(
    place: Path, clock: Callable[[], datetime], *, networks: Sequence[str] = ()
) -> tuple[View, bytes]:
    """The list of a folder as the one source, and its bytes; nothing where there is none.

    Raises `Refused`: it names the file and why it does not count.
    """
    path = place / LIST_NAME
    if not (place.is_dir() and path.exists()):
        return View(), b""
    raw = _content(path, MAX_LIST)
    try:
        pinned = read_pinned(
            read_json_object(
                _content(place / SIGNERS_NAME, MAX_PINNED), JsonLimits(size=MAX_PINNED)
            )
        )
        new = read_list(raw, networks=networks)
    except Malformed as broken:
        raise Refused(LIST_NAME, f"{place}: {broken}") from None
    held = pinned.held()
    result = accept(held, new.offered(held.signers), clock(), on_the_way=True)
    if isinstance(result, Refusal):
        raise Refused(LIST_NAME, f"{path} is refused by the keys in {SIGNERS_NAME}: {result}")
    source = TrustSource(
        publisher=result.publisher,
        number=result.number,
        address=result.address,
        expires_at=result.expires_at,
    )
    followed = Followed(
        source=source, index=ListIndex(new.content), withdrawals=withdrawals_of(new.content)
    )
    return View((followed,), new.address), raw


def _content(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most + 1)  # one more, so that the reader sees it is too long
    except OSError as exc:
        raise Refused(path.name, f"{path} cannot be read ({exc.strerror})") from exc
