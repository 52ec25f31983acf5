"""Public sets of incidents with known causes, read into what a site's telemetry would have held of each."""
