"""The log of events, and what is folded from it."""
