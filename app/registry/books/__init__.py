"""An issuer's register in a table: CSV or SQL. For the issuer kit; a verifying node has none."""
