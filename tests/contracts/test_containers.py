"""The Compose file is what the services declare, is valid, and names only settings and secrets that exist."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kaimen.host import services
from kaimen.host.containers import compose, compose_text, write_secrets
from kaimen.kit.settings import read_settings

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deploy" / "compose.yaml"


def test_committed_file_is_the_generated_one() -> None:
    assert COMPOSE.read_text("utf-8") == compose_text(), "make containers"


def test_it_is_valid_compose() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_secret_is_written_and_nothing_written_is_changed(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    write_secrets(folder)
    written = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    assert set(compose()["secrets"]) <= set(written)
    assert write_secrets(folder) == []
    assert {path.name: path.read_text("utf-8") for path in folder.iterdir()} == written
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", services.NAMES)
def test_every_service_reads_its_environment(name: str, tmp_path: Path) -> None:
    """With the defaults that Compose fills in, and the secrets where it lays them."""
    folder = tmp_path / "secrets"
    write_secrets(folder)
    told: dict[str, Any] = compose()["services"][name]
    environment = {
        key: re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", value).replace("/run/secrets", str(folder))
        for key, value in told["environment"].items()
    }
    settings = read_settings(services.load(name).SERVICE.settings, name, environment)
    assert settings.host == "0.0.0.0"
    if name in services.stored():
        assert settings.database_url.startswith(f"postgresql://{name}:")
    for secret in told["secrets"]:
        assert any(value.endswith(f"/{secret}") for value in environment.values()), secret
    assert {key for key, value in environment.items() if "FILE" in key and not os.path.exists(value)} == set()


def test_every_container_of_ours_is_hardened() -> None:
    for name in (*services.NAMES, "migrate", "door"):
        told = compose()["services"][name]
        assert told["read_only"], name
        assert told["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in told["security_opt"]


def test_what_the_image_installs_is_what_was_tested() -> None:
    """Every package of the image stands in the main lock, in the same version."""
    pinned = re.compile(r"^([a-z0-9-]+==[^ \\;]+)", re.MULTILINE)
    inside = set(pinned.findall((ROOT / "deploy" / "requirements.lock").read_text("utf-8")))
    tested = set(pinned.findall((ROOT / "requirements.lock").read_text("utf-8")))
    assert inside - tested == set(), "make lock"
    assert any(line.startswith("litestar==") for line in inside)


def test_file_reads_back_as_it_was_meant() -> None:
    assert yaml.safe_load(COMPOSE.read_text("utf-8")) == compose()
