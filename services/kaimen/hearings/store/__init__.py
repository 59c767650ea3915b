"""How hearings rest in PostgreSQL."""
