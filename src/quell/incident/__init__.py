"""The core, pure: alerts, events, the incident as a fold of them, and what may happen next."""
