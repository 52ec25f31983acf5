"""Speed and memory, as ratios against a peer or a floor of the same run."""
