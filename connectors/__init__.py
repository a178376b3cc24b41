"""Outside systems, spoken to through three ports. Knows no Django and no database."""
