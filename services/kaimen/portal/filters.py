"""What a list is narrowed by: the same words in the address, in the form and in the question to a service."""

from urllib.parse import urlencode

import msgspec
from msgspec.structs import asdict, replace


class Filter(msgspec.Struct, frozen=True):
    """Fields of text; an empty one means everything."""

    @property
    def params(self) -> dict[str, str]:
        """For the service that is asked."""
        return _given(self)

    def query(self, **changes: str) -> str:
        """The query string of the same list with `changes`."""
        return urlencode(_given(replace(self, **changes)))


def _given(filter: Filter) -> dict[str, str]:
    return {name: value for name, value in asdict(filter).items() if value}
