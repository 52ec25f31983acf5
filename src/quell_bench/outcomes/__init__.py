"""How often the intervals and the words of the outcomes are right, on populations that are known."""
