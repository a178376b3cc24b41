"""The REST API: the same services, filters and capabilities as the pages."""
