"""How meetings and representatives rest in PostgreSQL."""
