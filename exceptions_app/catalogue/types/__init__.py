"""One file for each exception type; `catalogue` finds them by itself."""
