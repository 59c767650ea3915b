"""How open days rest in PostgreSQL."""
