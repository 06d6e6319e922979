"""The Translator: any CSV to typed Parquet and quarantine."""
