"""Making a trust list: people propose, others approve, several sign."""
