"""What `quell bench` runs: benchmarks and public data sets, by the entry points that Quell itself uses."""
