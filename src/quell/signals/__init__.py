"""Pure numbers: normal ranges, onsets, templates, forecasts, the ranking of causes."""
