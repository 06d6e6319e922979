"""The index's schema, step by step, by Alembic; `schema.REVISION` names the last.

A step that cannot fill what it adds empties `files` and what was made of them: the next look enters all events again.
"""
