"""Read models folded from the log: what REST and the live channels show. Pure."""
