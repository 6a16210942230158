"""The data dictionary: reading, checking, Excel and docs."""
