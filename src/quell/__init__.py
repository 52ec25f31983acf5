"""Quell, an autonomous incident commander."""

__version__ = "0.1.0"
