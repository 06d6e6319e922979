"""The error for a file whose content cannot be read as a table."""

from quarterhour.errors import QuarterhourError


class ContentUnreadable(QuarterhourError):
    """The content of a file is no table that can be read; another run would find the same."""
