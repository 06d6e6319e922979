"""What may be wrong with the index."""


class IndexBroken(Exception):
    """The store is none, is damaged, or is not of these files: it is to be made anew."""


class IndexUnavailable(Exception):
    """The store cannot be used now, and may be later: the disk is full, somebody else holds it."""
