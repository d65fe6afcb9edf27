"""Rules: one pure module each. A rule judges one account as of a date and carries its evidence."""
