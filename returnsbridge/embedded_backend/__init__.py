"""A database engine that is PostgreSQL, and starts the embedded server at the first connection."""
