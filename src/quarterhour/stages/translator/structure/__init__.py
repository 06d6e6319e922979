"""Where a text's table lies, and where its records and fields begin and end."""
