"""Wiring of the site: settings, addresses, servers. No rules of the trade live here."""
