"""Adapters: one pure module a source, from a body as received to canonical signals or dead letters."""
