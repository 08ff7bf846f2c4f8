"""Pages of an OFD as pictures (SVG): pure, bounded, safe to embed.

An aid to people, never evidence: a verdict rests on bytes. Text is drawn from the characters the
file states, in fonts of whoever looks, so a font that shows other characters deceives nobody here.
"""

from app.formats.ofd.picture.pages import Pages, read_pages

__all__ = ["Pages", "read_pages"]
