"""Contact coverage: whom we know at an account, are in touch with, and lack. docs/coverage.md."""
