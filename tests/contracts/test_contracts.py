"""The committed contracts are those of the code, valid by their own standards, and readable for ever."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest
import yaml

from kaimen.contracts.registry import BY_SUBJECT
from kaimen.host import services
from kaimen.host.contracts import ROOT, documents
from kaimen.kit.refusals import ALL

PUBLISHED = sorted(BY_SUBJECT)


@pytest.mark.parametrize("name", sorted(documents()))
def test_document_has_not_drifted_from_the_code(name: str) -> None:
    assert (ROOT / name).read_text("utf-8") == documents()[name], "run: make contracts"


def test_asyncapi_references_all_resolve() -> None:
    document = yaml.safe_load((ROOT / "asyncapi.yaml").read_text("utf-8"))

    def check(node: object) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                target = document
                for part in node["$ref"].removeprefix("#/").split("/"):
                    target = target[part]
            for value in node.values():
                check(value)
        elif isinstance(node, list):
            for value in node:
                check(value)

    check(document)
    assert document["asyncapi"] == "3.0.0"


def test_every_subject_has_one_publisher_and_known_readers() -> None:
    published = [subject for name in services.NAMES for subject in services.load(name).SERVICE.publishes]
    consumed = {subject for name in services.NAMES for subject in services.load(name).SERVICE.consumes}
    assert sorted(published) == PUBLISHED
    assert consumed - set(PUBLISHED) == set()


def test_subjects_begin_with_their_publisher() -> None:
    wrong = [
        subject
        for name in services.NAMES
        for subject in services.load(name).SERVICE.publishes
        if not subject.startswith(f"{name}.")
    ]
    assert wrong == []


@pytest.mark.parametrize("subject", PUBLISHED)
def test_samples_of_every_version_still_decode_and_fit_the_schema(subject: str) -> None:
    """Samples are real messages, one per shape ever published; they are never deleted."""
    samples = sorted((ROOT / "samples" / subject).glob("*.json"))
    assert samples, f"no sample of {subject}: run the suite with KAIMEN_WRITE_SAMPLES=1"
    schema = msgspec.json.schema(BY_SUBJECT[subject])
    for sample in samples:
        jsonschema.validate(json.loads(sample.read_bytes()), schema)
        msgspec.json.decode(sample.read_bytes(), type=BY_SUBJECT[subject])


def test_every_refusal_speaks_two_languages() -> None:
    documents()
    assert [
        reason for reason, no in ALL.items() if not (no.zh and no.en and any("一" <= c <= "鿿" for c in no.zh))
    ] == []


def test_lock_and_sources_name_no_registry() -> None:
    root = Path(ROOT).parent
    lock = (root / "requirements.lock").read_text("utf-8")
    assert "://" not in lock
    assert "--hash=sha256:" in lock
