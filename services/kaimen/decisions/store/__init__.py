"""How catalogues rest in PostgreSQL."""
