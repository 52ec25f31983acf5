"""
What managers see: how incidents went, in figures that say how sure they are.

Pure: records of incidents go in, figures with intervals come out; no clock, no chance of its own, no network.
Definitions and formulas: docs/metrics.md, which is made from `definitions.py`.
"""
