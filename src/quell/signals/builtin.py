"""Maps learned from public data and shipped, until a site has incidents enough of its own."""

from __future__ import annotations

from quell.signals.calibration import Calibration

LOCATE = Calibration(scores=(0.0, 0.4393, 0.8986), probabilities=(0.0, 0.8, 0.9895), pairs=82)
"""For `quell.signals.fusion.locate`: `quell bench calibration --part dev` prints it as `fitted`."""
