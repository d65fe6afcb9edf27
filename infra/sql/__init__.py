"""SQL by name: `migrations/` in their order, `queries/` each with its grain, keys and parameters in its header."""
