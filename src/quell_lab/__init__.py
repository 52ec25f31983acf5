"""
The lab: a small shop of real processes under real load, and faults that really happen in it and are always undone.

Read `roster.py` (who is there), `supervisor.py` (keeps them running), `operations.py` (what can be changed),
`faults/` (how it breaks), `alerting.py` (what it tells Quell). Everything starts in `run.py`.
"""
