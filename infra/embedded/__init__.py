"""Embedded stand-ins for the servers Setten talks to, for a trial on one machine."""
