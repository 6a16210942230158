"""Remove one customer from everything that the project has written, and prove it."""
