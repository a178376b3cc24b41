"""File exchange: documents leave as files, answers come back as files."""
