"""Shipped profiles of returns platforms, as TOML."""
