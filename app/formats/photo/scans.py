"""Scans (扫描件): unsigned files whose pages are pictures, read for the codes in them."""

from dataclasses import dataclass, field, replace

from app.domain.errors import BeyondLimits, ImageNotRead
from app.domain.license import LicenseFormat, ParsedLicense
from app.domain.photo import SeenCode
from app.formats.base import Format
from app.formats.photo.header import within_limits
from app.formats.photo.reading import Eyes, read_codes


@dataclass(frozen=True, slots=True)
class Scans:
    """A reader of files that looks into their pictures where nothing else says what they are."""

    inner: Format
    eyes: Eyes = field(repr=False)
    own: str = ""

    @property
    def name(self) -> LicenseFormat:
        return self.inner.name

    def recognises(self, content: bytes) -> bool:
        """As the reader inside; never raises."""
        return self.inner.recognises(content)

    def parse(self, content: bytes) -> ParsedLicense:
        """As the reader inside. Raises what it raises, and `Unavailable`.

        A file that is signed, or says itself which license it is, is judged by that and by nothing
        in its pictures.
        """
        license = self.inner.parse(content)
        seen = [code for picture in license.pictures for code in self._seen(picture)]
        if not seen:
            return license
        return replace(license, photo=read_codes(seen, self.own).photo)

    def _seen(self, picture: bytes) -> tuple[SeenCode, ...]:
        """A picture that cannot be read shows nothing; the file around it can still be judged."""
        try:
            within_limits(picture)
            return tuple(self.eyes(picture))
        except (ImageNotRead, BeyondLimits):
            return ()
