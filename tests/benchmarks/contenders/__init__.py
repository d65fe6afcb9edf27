"""The ingest job written with other frameworks, as well as we can: what `make bench` compares with. Not for use."""
