"""Figures of speed and size, each beside its aim or a reference measured in the same run."""
