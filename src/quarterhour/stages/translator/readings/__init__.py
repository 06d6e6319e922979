"""How a column's texts become values of a type."""
