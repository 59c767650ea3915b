"""The rules of open days: pure, total, without clock or randomness."""
