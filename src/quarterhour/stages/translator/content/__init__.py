"""From a raw file to plain UTF-8 texts."""
