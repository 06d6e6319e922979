"""Commands for people, a module for each subject; through a running server, or in this process."""

from quarterhour.cli.main import app

__all__ = ["app"]
