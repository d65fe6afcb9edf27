"""Ingest: signals and facts from Kafka into the archive, touches and contact-days, in batches.

The order of a cycle is its guarantee: store, roll up, publish, register, commit. What is not committed is read again,
and everything after the read may be done twice.
"""
