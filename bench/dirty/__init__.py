"""Dirty CSV files made of clean real tables, and how much of each several readers get back: `python -m bench.dirty`."""
