"""Faults that really happen: each breaks the running shop on entering and leaves nothing behind on exit."""
