"""The pages: the public face, the units' desk and the door (notice 二(五), rows 42 to 45).

It owns nothing. What it shows it asks of the other services over HTTP, with the rights of the person who looks; what
people send, it passes on. A service that is down takes only its own pages with it.
"""
