"""How right Quell is, on public data whose answers are known: `quell bench rca | anomaly | calibration | scale`."""
