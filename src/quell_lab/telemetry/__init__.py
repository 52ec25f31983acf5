"""What a service tells about itself: metrics in Prometheus text, JSON log lines with trace ids."""
