"""The business team's voice in the double elbow: a sheet to fill in, and its way into the seed."""
