"""SQL lives in `.sql` files, in named blocks; this reads them.

A block starts with `-- name: verb_object`; comment lines below it are for people.
"""

from importlib.resources import files


class Queries:
    """The named blocks of one file, as attributes. Raises AttributeError for a name that is not there."""

    def __init__(self, blocks: dict[str, str]) -> None:
        self._blocks = blocks

    def __getattr__(self, name: str) -> str:
        try:
            return self._blocks[name]
        except KeyError:
            raise AttributeError(f"no query is named {name}") from None


def load_queries(package: str, filename: str = "queries.sql") -> Queries:
    """Read `filename` beside `package`. Raises ValueError when a name stands twice."""
    blocks: dict[str, str] = {}
    for block in files(package).joinpath(filename).read_text("utf-8").split("-- name: ")[1:]:
        name, _, text = block.partition("\n")
        if name.strip() in blocks:
            raise ValueError(f"query {name.strip()} stands twice in {package}/{filename}")
        blocks[name.strip()] = "\n".join(line for line in text.splitlines() if not line.startswith("--")).strip()
    return Queries(blocks)
