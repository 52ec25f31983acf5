"""The response to an incident, and what makes it survive a restart."""
