"""Which accounts come first: four factors of 0 to 10, their weighted mean, and what each comes from."""
