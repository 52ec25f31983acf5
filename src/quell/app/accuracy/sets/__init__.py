"""Public sets of incidents with known causes, read into what `quell.signals.fusion.locate` takes."""
