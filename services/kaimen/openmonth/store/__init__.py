"""How the open month rests in PostgreSQL."""
