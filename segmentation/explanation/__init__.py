"""What makes a segment what it is: rules that a person can read."""
