"""The demo: a small invented retailer on simulated systems, seeded through the normal flow."""
