"""The way of an alert into the log."""
