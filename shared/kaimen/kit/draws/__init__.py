"""公开抽签: the public draw as a procedure that any service can hold.

Order (`PROTOCOL` of `kit.lots`): rules are published, sign-up closes and the pool is frozen, the commitment is
published, two people type the public numbers, the draw is made, vacancies are filled. No document changes once it is
published; a second draw has a reason and leaves the first one visible.
"""

RULES_BEFORE_CLOSING_DAYS = 7
"""How long before sign-up closes the rules must be public (fairness protocol, step 1)."""
