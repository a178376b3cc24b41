"""Version 1: an answer only ever gains fields."""
