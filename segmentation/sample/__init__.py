"""The synthetic customer file."""
