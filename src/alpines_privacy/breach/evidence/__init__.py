"""The evidence report: who was told what, and when, from the ledger and its history."""
