"""The engagement score of an account: a profile of points, the ledger they make, and the stages an account is in."""
