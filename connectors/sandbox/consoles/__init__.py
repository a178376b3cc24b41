"""Plain pages to do in a simulated system what its own staff would do there."""
