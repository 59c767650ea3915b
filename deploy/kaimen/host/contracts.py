"""The contracts as documents, made from the code: `python -m kaimen.host.contracts [--check]`.

Written below `contracts/`: `asyncapi.yaml` (AsyncAPI 3.0), `openapi/<service>.json`, `problems.md`,
`kaimen/contracts/problems.json`, `consumers.txt`.
They are committed; a test fails when they drift from the code.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from kaimen.contracts.problems import ProblemType
from kaimen.contracts.registry import BY_SUBJECT
from kaimen.host import services
from kaimen.kit.auth import Verifier
from kaimen.kit.clock import SystemClock
from kaimen.kit.crypto import Vault
from kaimen.kit.limits import Limiter
from kaimen.kit.problems import STATUS
from kaimen.kit.refusals import ALL
from kaimen.kit.service import Resources

ROOT = Path(__file__).resolve().parents[3] / "contracts"


def documents() -> dict[str, str]:
    """File name below `contracts/` → text."""
    # The portal has pages, no API.
    made = {f"openapi/{name}.json": _openapi(name) for name in services.stored()}
    return {
        **made,
        "asyncapi.yaml": _asyncapi(),
        "problems.md": _problems(),
        "kaimen/contracts/problems.json": _problem_types(),
        "consumers.txt": _consumers(),
    }


def resources_on_paper(name: str) -> Resources:
    """Enough to put an application together and read its schema; nothing is connected."""
    service = services.load(name).SERVICE
    settings, clock = service.settings(), SystemClock()
    verifier, limiter = Verifier(settings.accounts_url, clock), Limiter(settings.redis_url)
    return Resources(service, settings, clock, Vault(bytes(32), name), verifier, limiter, bytes(32))


def _openapi(name: str) -> str:
    app = services.load(name).create_app(resources_on_paper(name))
    encoded = msgspec.json.encode(app.openapi_schema.to_schema(), order="sorted")
    return msgspec.json.format(encoded, indent=1).decode() + "\n"


def _asyncapi() -> str:
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    _, schemas = msgspec.json.schema_components(BY_SUBJECT.values(), ref_template="#/components/schemas/{name}")
    for subject, body in BY_SUBJECT.items():
        channels[subject] = {
            "address": subject,
            "messages": {body.__name__: {"$ref": f"#/components/messages/{body.__name__}"}},
            "description": (body.__doc__ or "").strip(),
        }
    for name in services.NAMES:
        service = services.load(name).SERVICE
        for action, subjects in (("send", service.publishes), ("receive", service.consumes)):
            for subject in subjects:
                channel = {"$ref": f"#/channels/{subject.replace('/', '~1')}"}
                operations[f"{name}.{action}.{subject}"] = {"action": action, "channel": channel}
    messages = {
        body.__name__: {
            "contentType": "application/json",
            "payload": {"$ref": f"#/components/schemas/{body.__name__}"},
        }
        for body in BY_SUBJECT.values()
    }
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "开门 Kaimen",
            "version": "1",
            "description": "CloudEvents 1.0 in NATS binary mode; one stream per publishing service.",
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    }
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=True, width=120)


def _types() -> dict[str, ProblemType]:
    for name in services.NAMES:
        services.load(name)
    return {reason: ProblemType(STATUS[no.kind], no.zh, no.en) for reason, no in sorted(ALL.items())}


def _problems() -> str:
    lines = ["# Problem types", "", "| type | status | 中文 | English |", "|---|---|---|---|"]
    lines += [f"| `/problems/{reason}` | {each.status} | {each.zh} | {each.en} |" for reason, each in _types().items()]
    return "\n".join(lines) + "\n"


def _problem_types() -> str:
    return msgspec.json.format(msgspec.json.encode(_types()), indent=1).decode() + "\n"


def _consumers() -> str:
    """Who reads what: a subject may go when its line is empty."""
    lines = []
    for subject in sorted(BY_SUBJECT):
        readers = [name for name in services.NAMES if subject in services.load(name).SERVICE.consumes]
        lines.append(f"{subject}: {' '.join(readers)}".rstrip())
    return "\n".join(lines) + "\n"


def put(root: Path, texts: Mapping[str, str]) -> int:
    """Write what differs below `root`, and say what; with `--check` only say it. The exit code."""
    drifted = []
    for name, text in texts.items():
        path = root / name
        if not path.exists() or path.read_text("utf-8") != text:
            drifted.append(name)
            if "--check" not in sys.argv:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")
    for name in drifted:
        print(name)
    return 1 if drifted and "--check" in sys.argv else 0


def main() -> int:
    return put(ROOT, documents())


if __name__ == "__main__":
    sys.exit(main())
