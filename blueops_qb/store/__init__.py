"""The plugin's own tables and the queries on them, in SQLAlchemy Core."""
