"""The index's schema, step by step, by Alembic. A step that cannot fill what it adds drops the tables' rows: files hold all."""
