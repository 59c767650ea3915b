"""Laws that imports cannot show, read from the source itself."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from kaimen.host import services

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [ROOT / root / "kaimen" for root in ("contracts", "shared", "services", "deploy")]
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "base", "manager", "models", "types", "data", "info"}
ROOMS = {"domain", "app"}
CLOCK_CALLS = {"now", "utcnow", "today", "time", "monotonic"}
RANDOM_MODULES = {"random", "secrets", "uuid"}


@cache
def modules() -> dict[Path, ast.Module]:
    """Every module of the four roots, parsed once."""
    return {path: ast.parse(path.read_text("utf-8")) for root in SOURCES for path in sorted(root.rglob("*.py"))}


def of_rooms(*rooms: str) -> list[Path]:
    """The modules in these rooms of all services."""
    found = []
    for path in modules():
        if "services" in path.parts:
            inside = path.relative_to(ROOT / "services" / "kaimen").parts[1:]
            if inside and inside[0].removesuffix(".py") in rooms:
                found.append(path)
    assert found
    return found


def test_namespace_folders_hold_no_init() -> None:
    assert [root for root in SOURCES if (root / "__init__.py").exists()] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path in modules() if FORBIDDEN_NAMES & {path.stem, path.parent.name}] == []


def test_domain_and_app_never_ask_a_clock() -> None:
    """A rule gets `at`; an application gets it from its unit of work."""
    guilty = []
    for path in of_rooms(*ROOMS):
        for node in ast.walk(modules()[path]):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_CALLS:
                owner = ast.unparse(node.func.value)
                if owner in {"datetime", "date", "time", "dt.datetime", "dt.date"}:
                    guilty.append((path.name, node.lineno))
    assert guilty == []


def test_domain_never_draws_random_numbers() -> None:
    guilty = []
    for path in of_rooms("domain"):
        for node in ast.walk(modules()[path]):
            names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            if isinstance(node, ast.ImportFrom) and node.module and node.module != "uuid":
                names.add(node.module)
            if names & RANDOM_MODULES:
                guilty.append((path.name, node.lineno))
    assert guilty == []


def test_domain_never_awaits() -> None:
    waits = (ast.Await, ast.AsyncFunctionDef, ast.AsyncWith, ast.AsyncFor)
    guilty = [path for path in of_rooms("domain") for node in ast.walk(modules()[path]) if isinstance(node, waits)]
    assert guilty == []


def test_app_never_commits() -> None:
    """One request, message or job is one transaction, opened at the edge."""
    guilty = [path for path in of_rooms("app") if re.search(r"\bcommit\(|\brollback\(", path.read_text("utf-8"))]
    assert guilty == []


_SQL = re.compile(r"^\s*(select|insert into|update|delete from|create table|alter table)\s", re.IGNORECASE)


def test_services_keep_sql_in_sql_files() -> None:
    guilty = [
        (path.name, node.lineno)
        for path in modules()
        if "services" in path.parts
        for node in ast.walk(modules()[path])
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.match(node.value)
    ]
    assert guilty == []


@pytest.mark.parametrize("name", [n for n in services.NAMES if services.load(n).SERVICE.has_database])
def test_sql_of_a_service_names_only_its_own_tables(name: str) -> None:
    store = ROOT / "services" / "kaimen" / name / "store"
    made = set()
    for migration in sorted((store / "migrations").glob("*.sql")):
        made |= set(re.findall(r"create table (\w+)", migration.read_text("utf-8")))
    text = re.sub(r"--.*|distinct from|extract\(\w+ from", "", (store / "queries.sql").read_text("utf-8"))
    used = set(re.findall(r"\b(?:from|join|insert into|(?<!for )(?<!key )(?<!do )update)\s+([a-z_]+)\b(?!\s*\()", text))
    aliases = set(re.findall(r"(?:\bwith|\),)\s+(\w+) as", text))
    assert used - made - aliases - {"lateral"} == set()


@pytest.mark.parametrize("name", services.NAMES)
def test_every_handler_declares_its_permission(name: str) -> None:
    from kaimen.host.contracts import resources_on_paper

    app = services.load(name).create_app(resources_on_paper(name))
    handlers = [handler for route in app.routes for handler in getattr(route, "route_handlers", [])]
    assert handlers
    # Litestar answers OPTIONS by itself; it tells methods and nothing else.
    own = [handler for handler in handlers if handler.http_methods != {"OPTIONS"}]
    assert [str(handler) for handler in own if "allow" not in handler.opt] == []


@pytest.mark.parametrize("name", services.NAMES)
def test_every_service_says_what_it_is_for(name: str) -> None:
    said = ast.get_docstring(modules()[ROOT / "services" / "kaimen" / name / "__init__.py"])
    assert said
    assert len(said) > 100
