"""Credits computed for facts that come from outside: from a file, or through the API."""
