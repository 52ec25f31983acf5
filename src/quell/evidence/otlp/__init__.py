"""Telemetry that is pushed as OTLP."""
