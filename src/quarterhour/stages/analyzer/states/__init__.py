"""States: what is kept of rows so that profiles can be added to, taken from and made anew without reading the rows again."""
