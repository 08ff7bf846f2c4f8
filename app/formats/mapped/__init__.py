"""Endpoints described as data (adapter `mapped`): what is sent, and how an answer is read."""
