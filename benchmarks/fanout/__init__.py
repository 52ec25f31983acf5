"""How fast the live channel gives one event to many, beside other servers that do."""
