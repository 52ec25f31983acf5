"""Quell beside services that nobody of Quell wrote for it, watched by a real Prometheus and Alertmanager."""
