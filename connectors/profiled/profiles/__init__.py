"""The profiles that ship with the product, as TOML beside this file."""
