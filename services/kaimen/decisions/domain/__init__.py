"""The rules of catalogues and their items: states, guards, facets, dates of issue; pure, total, without clock."""
