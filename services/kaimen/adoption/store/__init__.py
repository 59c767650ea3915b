"""Tables of adoption."""
