"""The servers that are compared: each prints its port, and publishes when told RATE BURST SECONDS."""
