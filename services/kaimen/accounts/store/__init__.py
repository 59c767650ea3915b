"""How accounts rest in PostgreSQL."""
