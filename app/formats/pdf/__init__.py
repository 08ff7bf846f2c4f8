"""PDF documents (ISO 32000-2): from octets to signatures and what was saved after them.

`objects`, `structure`, `sections` and `reader` read the file, `signatures` what each signature
covers, `updates` what came later, `active` what could change it while it is looked at. Nothing is
rendered, run or fetched, and no page is ever expanded.
"""
