"""The overlays as `kubectl apply -k` would send them."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from k8s.laws import Overlay
from kaimen.host import fleet, services
from kaimen.host.embedded import Ports
from kaimen.host.kubernetes import ROOT, write_development_secrets

BIN = Path(sys.executable).parent
OVERLAYS = ("dev", "dev/after-rollout", "prod", "prod/after-rollout")
DOOR_PORT = 8080


def copy_tree(folder: Path) -> Path:
    """`k8s/` and what it takes from `deploy/`, with development secrets, which the repository does not have."""
    shutil.copytree(ROOT, folder / "k8s", ignore=shutil.ignore_patterns("secrets"))
    (folder / "deploy").mkdir()
    for file in ("Caddyfile", "kustomization.yaml"):
        shutil.copy(ROOT.parent / "deploy" / file, folder / "deploy")
    assert write_development_secrets(folder / "k8s")
    return folder / "k8s"


def render(root: Path, overlay: str) -> list[dict[str, Any]]:
    """Raises CalledProcessError with Kustomize's words."""
    command = [str(BIN / "kubectl"), "kustomize", str(root / "overlays" / overlay)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [each for each in yaml.load_all(done.stdout, Loader=loader) if each]


def calls_of_the_fleet(folder: Path) -> Mapping[str, frozenset[str]]:
    """Who calls whom where everything runs on one machine: read from the addresses that `kaimen up` gives."""
    ports = Ports(folder / "state.json", door=DOOR_PORT)
    house = fleet.House(folder, ports, services.NAMES, DOOR_PORT, "http://public.example", None)
    places = {f"http://127.0.0.1:{ports.of(name)}": name for name in services.NAMES}
    places[f"http://127.0.0.1:{DOOR_PORT}"] = "front-door"
    return {
        name: frozenset(places[value] for value in house.settings(name).values() if value in places)
        for name in services.NAMES
    }


def overlays(root: Path, folder: Path) -> dict[str, Overlay]:
    calls = calls_of_the_fleet(folder)
    return {name: Overlay(render(root, name), calls, name.startswith("prod")) for name in OVERLAYS}
