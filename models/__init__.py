"""What is true: signals, facts, accounts, coverage, rules and alerts. Pure: no I/O, no clock, no imports of ours."""
