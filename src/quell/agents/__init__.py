"""Agents: from a case and its telemetry to a finding; no state, no append."""
