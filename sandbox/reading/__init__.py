"""Reading sealed OFD files, written from the standards alone, to hold the writers against.

Nothing here is shared with the writers but SM2 and SM3 themselves, and nothing with the service.
Small and slow; for judging files nobody trusts there is the service.
"""
