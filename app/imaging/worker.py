"""The decoder's process as the service sees it: started, fed, waited for, ended, begun anew.

Nothing it says is believed further than a stranger's word: an answer that is not exactly what
`program` describes is no answer.
"""

import base64
import binascii
import json
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from app.children import Child, begin, end, ended_after, read_frame, write_frame
from app.crypto.jose import JsonLimits, read_json_object
from app.domain.errors import BeyondLimits, ImageNotRead, Malformed, Unavailable
from app.domain.photo import SeenCode
from app.imaging.limits import Limits

STARTING: Final = 20.0
"""Seconds a process may take to load its decoders; a third of one on a machine at rest."""
DEADLINE: Final = 8.0
"""Seconds for one picture, from the first byte sent to the last received."""
WAITING: Final = 4
"""Pictures that are read or wait for it at once; they hold threads that other documents need."""
LIFE: Final = 500
"""Pictures after which a process is replaced: what one left behind is gone with it."""
MAX_ANSWER: Final = 512 * 1024
"""Bytes: all codes of a picture, in base64."""
_ANSWER: Final = JsonLimits(size=MAX_ANSWER, depth=4)
_PROGRAM: Final = Path(__file__).with_name("program.py")


@dataclass(slots=True)
class Decoder:
    """One process, one picture at a time. Started at the first picture; safe among threads."""

    limits: Limits = field(default_factory=Limits)
    deadline: float = DEADLINE
    _process: Child | None = field(default=None, init=False, repr=False)
    _fed: int = field(default=0, init=False)
    _one: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _room: threading.Semaphore = field(
        default_factory=lambda: threading.Semaphore(WAITING), init=False, repr=False
    )

    def read(self, picture: bytes) -> tuple[SeenCode, ...]:
        """The codes in a picture. Blocks, for as long as `WAITING` pictures take at most.

        Raises:
            ImageNotRead: it was not read: no picture, or the process died or was late.
            BeyondLimits: more pixels, codes or frames than are read.
            Unavailable: too many pictures at once; ask again.
        """
        if not self._room.acquire(blocking=False):
            raise Unavailable("images: too many at once")
        try:
            with self._one:
                return _codes(self._asked(picture), self.limits)
        finally:
            self._room.release()

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one."""
        return self._process.pid if self._process is not None else None

    def close(self) -> None:
        """End the process; the next picture would start another."""
        with self._one:
            self._end()

    def _asked(self, picture: bytes) -> dict[str, object]:
        if len(picture) > self.limits.octets:
            raise BeyondLimits(f"image: more than {self.limits.octets} bytes")
        try:
            process = self._running()
            self._fed += 1
            with ended_after(process, self.deadline):
                answer = _exchange(process, picture)
            return read_json_object(answer, _ANSWER)
        except (OSError, ValueError, EOFError, Malformed):
            self._end()
            raise ImageNotRead("image: the process that reads images died of it") from None
        except BaseException:  # an interrupt: half an answer must not be taken for the next one's
            self._end()
            raise

    def _running(self) -> Child:
        """One that is ready. Raises `OSError` or `EOFError` where none can be started."""
        if self._process is not None and (self._process.poll() is not None or self._fed >= LIFE):
            self._end()
        if self._process is None:
            self._fed = 0
            self._process = begin(
                (sys.executable, "-I", str(_PROGRAM), json.dumps(asdict(self.limits))), env={}
            )
            with ended_after(self._process, STARTING):
                read_frame(self._process.stdout, MAX_ANSWER)
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            end(process)


def _exchange(process: Child, picture: bytes) -> bytes:
    write_frame(process.stdin, picture)
    return read_frame(process.stdout, MAX_ANSWER)


def _codes(answer: dict[str, object], limits: Limits) -> tuple[SeenCode, ...]:
    match answer:
        case {"state": "read", "codes": list(codes)}:
            if len(codes) > limits.codes:
                raise BeyondLimits(f"image: more than {limits.codes} codes")
            return tuple(map(_code, codes))
        case {"state": "too_large"}:
            raise BeyondLimits(f"image: more than {limits.pixels} pixels, or than memory holds")
        case {"state": "animated"}:
            raise BeyondLimits("image: more than one frame")
        case _:
            raise ImageNotRead("image: the bytes are no whole picture of their kind")


def _code(item: object) -> SeenCode:
    match item:
        case [str(symbology), str(payload)]:
            with suppress(binascii.Error, ValueError):
                return SeenCode(symbology[:32], base64.b64decode(payload, validate=True))
    raise ImageNotRead("image: the process that reads images gave no answer of its own form")
