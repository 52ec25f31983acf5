"""
Incidents of the past, as other tools export them: one file for each shape.

A shape gives `Row`s, texts under our names for the fields; `reading.py` makes `PastIncident`s of them, or says of each
row why it cannot. Everything in a file is untrusted: sizes are bounded, and texts are cleaned and cut.
"""
