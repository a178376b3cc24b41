"""How a profile's operations leave the house; a closed list, chosen by `transport.kind`."""
