"""How the services say it: the toolbox that every service shares, and that knows none of them."""
