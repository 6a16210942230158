"""How many segments: the statistics that decide."""
