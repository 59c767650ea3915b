"""招募: how people are found for an occasion, the same for a decision meeting and for a seat group of a hearing.

Order: the call with its rules is public before sign-up opens; people apply; staff verify; sign-up closes and the pool
is frozen; people are chosen (drawn, by published criteria, recommended, invited, by a notary, or in order of arrival);
who is chosen is invited and confirms or declines; all vacancies are filled at once, by the committed rule. A service
lends it its occasions (`procedure.Host`) and keeps what is its own: what happens at the occasion.
"""
