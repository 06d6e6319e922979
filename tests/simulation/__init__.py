"""Years of the pipeline in seconds: virtual time, a world that breaks, and the promises that must hold through it."""
