"""Inputs that no person would think of, made from the OpenAPI documents: no 5xx, and a problem document each."""

import asyncio
import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case

from houses import SPEAKING, House
from kaimen.host.contracts import ROOT

EXAMPLES = 25


def operations(service: str) -> list[Any]:
    document = json.loads((ROOT / "openapi" / f"{service}.json").read_text("utf-8"))
    return [found.ok() for found in schemathesis.openapi.from_dict(document).get_all_operations()]


ALL = [(service, operation) for service in SPEAKING for operation in operations(service)]


@pytest.mark.parametrize(("service", "operation"), ALL, ids=[f"{o.method.upper()} {o.path}" for _, o in ALL])
async def test_no_generated_input_breaks_the_service(house: House, service: str, operation: Any) -> None:
    headers = await house.token("office")
    wrong: list[tuple[int, str]] = []

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Case) -> None:
        answer = case.call(base_url=house.url, headers=headers, allow_redirects=False)
        if answer.status_code >= 500:
            wrong.append((answer.status_code, case.as_curl_command()))
        elif answer.status_code >= 400 and "application/problem+json" not in answer.headers["content-type"]:
            wrong.append((answer.status_code, str(answer.headers["content-type"])))

    await asyncio.to_thread(ask)
    assert wrong == []
