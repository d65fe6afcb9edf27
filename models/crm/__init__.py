"""What a CRM exports: the map that says how its files are to be read, and the facts that their rows state."""
