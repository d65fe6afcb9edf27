"""The demo world: 40 invented accounts, three years of signals and facts, planted stories. No I/O, no clock."""
