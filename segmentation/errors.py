"""Errors that a user is meant to read."""


class InputError(ValueError):
    """Something in the user's input is wrong; the message says where and what to do."""
