"""Errors that a user is meant to read."""

from segmentation.texts import clean


class InputError(ValueError):
    """Something in the user's input is wrong; the message says where and what to do.

    Parameters
    ----------
    message : str
        May repeat what stands in a file: control characters in it are made visible.
    """

    def __init__(self, message: str) -> None:
        super().__init__(clean(message))
