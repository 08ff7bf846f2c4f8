"""OFD documents (GB/T 33190-2016): from an archive to what it says, without trust.

`package` reads the structure, `coverage` tells what a signature covers, `metadata` finds the
elements of GB/T 36903.
"""
