"""The front door: HTTP, the live channel, the pages, health and metrics."""
