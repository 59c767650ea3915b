"""The rules of meetings, recruitments and representatives: pure, total, without clock or randomness."""
