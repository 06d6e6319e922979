"""A merge, and the maintenance after it, killed at each system call that writes: `python -m torture`. Linux."""
