"""What alerts and the board ask for is what the services measure, and everybody is asked."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import prometheus_client
import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from kaimen.host import services

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
BOARD = ROOT / "deploy" / "grafana" / "dashboards" / "kaimen.json"
GIVEN = {"up": {"service", "job", "instance"}}
"""What Prometheus says itself."""
SERIES: dict[str, dict[str, set[str]]] = {
    "gauge": {"": set()},
    "counter": {"_total": set()},
    "histogram": {"_bucket": {"le"}, "_count": set(), "_sum": set()},
}
"""By type of metric: how its series end, and the label that they have beside its own."""
WORDS = {"and", "or", "unless", "bool", "offset"}
GROUPING = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
SELECTOR = re.compile(r"([a-zA-Z_:]\w*)\s*\{([^}]*)\}")


@cache
def known() -> dict[str, set[str]]:
    """Every series that the services can say, with its labels; Prometheus adds which service said it."""
    for name in services.NAMES:
        services.load(name)
    found = dict(GIVEN)
    for metric in list(prometheus_client.REGISTRY._collector_to_names):
        if isinstance(metric, MetricWrapperBase) and metric._name.startswith("kaimen_"):
            labels = {*metric._labelnames, *GIVEN["up"]}
            found |= {metric._name + ending: labels | more for ending, more in SERIES[metric._type].items()}
    return found


def unknown_in(expression: str) -> list[str]:
    """Series and labels of a PromQL expression that nobody measures."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    used_labels = {
        label.strip() for _, labels in GROUPING.findall(bare) for label in labels.split(",") if label.strip()
    }
    wrong = []
    for name, matchers in SELECTOR.findall(bare):
        labels = set(re.findall(r"(\w+)\s*(?:=|!)", matchers))
        wrong += [f"{name}{{{label}}}" for label in sorted(labels - known().get(name, set()))]
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", GROUPING.sub("", bare))
    names = {name for name in re.findall(r"\b[a-zA-Z_:]\w*\b(?!\s*\()", bare) if name not in WORDS}
    wrong += sorted(names - known().keys())
    said = set().union(*(known().get(name, set()) for name in names))
    return wrong + sorted(used_labels - said)


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return json.loads(BOARD.read_text("utf-8"))["panels"]


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ('max by (kind) (kaimen_clocks{standing="overdue"}) > 0', []),
        ('max by (kind) (kaimen_clocks{state="overdue"}) > 0', ["kaimen_clocks{state}"]),
        ("max by (unit) (kaimen_dead_letters) > 0", ["unit"]),
        ("rate(kaimen_http_requests[5m]) and up", ["kaimen_http_requests"]),
        ("histogram_quantile(0.9, sum by (le) (rate(kaimen_http_request_seconds_bucket[5m])))", []),
        ("histogram_quantile(0.9, sum by (le) (rate(kaimen_http_request_seconds_count[5m])))", ["le"]),
        ("kaimen_forgotten == 0 or kaimen_unsent", ["kaimen_forgotten"]),
    ],
)
def test_reading_an_expression_finds_what_nobody_measures(expression: str, wrong: list[str]) -> None:
    assert unknown_in(expression) == wrong


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_alert_asks_for_what_is_measured(alert: dict[str, Any]) -> None:
    assert unknown_in(alert["expr"]) == []


def test_board_asks_for_what_is_measured() -> None:
    asked = [target["expr"] for panel in panels() for target in panel.get("targets", ())]
    assert {expression: unknown_in(expression) for expression in asked if unknown_in(expression)} == {}
    assert len(asked) > 10


def test_board_answers_the_four_questions() -> None:
    assert [panel["title"] for panel in panels() if panel["type"] == "row"] == [
        "谁逾期", "什么没送达", "哪里满了", "哪里慢了",
    ]  # fmt: skip
    ids = [panel["id"] for panel in panels()]
    assert len(ids) == len(set(ids))


def test_everything_that_is_measured_is_asked_for() -> None:
    asked = BOARD.read_text("utf-8") + (PROMETHEUS / "alerts.yml").read_text("utf-8")
    families = {re.sub(r"_(bucket|count|sum|total)$", "", name) for name in known()} - {"up"}
    assert sorted(name for name in families if name not in asked) == []


def test_every_alert_has_its_runbook_and_no_runbook_is_left_over() -> None:
    names = [alert["annotations"]["runbook"] for alert in alerts()]
    assert sorted(names) == sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs" / "runbooks").glob("*.md"))


def test_runbooks_lead_only_to_each_other() -> None:
    folder = ROOT / "docs" / "runbooks"
    named = {name for path in folder.glob("*.md") for name in re.findall(r"`([a-z-]+\.md)`", path.read_text("utf-8"))}
    assert named
    assert [name for name in named if not (folder / name).exists()] == []


def test_every_service_of_the_compose_file_is_asked_at_its_own_address() -> None:
    (job,) = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    composed = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))["services"]
    serving = {name: each for name, each in composed.items() if each.get("command", [""])[0] == "serve"}
    targets = [target for group in job["static_configs"] for target in group["targets"]]
    naming, placing = job["relabel_configs"]
    asked = {}
    for target in targets:
        matched = re.fullmatch(naming["regex"], target)
        assert matched, target
        asked[matched[1]] = (target, placing["replacement"].replace("$1", matched[1]))
    assert (naming["source_labels"], naming["target_label"]) == (["__address__"], "service")
    assert (placing["source_labels"], placing["target_label"]) == (["service"], "__metrics_path__")
    assert asked == {
        name: (
            f"{name}:{each['environment'][f'KAIMEN_{name.upper()}_PORT']}",
            f"{services.load(name).SERVICE.prefix}/metrics",
        )
        for name, each in serving.items()
    }
    assert set(asked) == set(services.NAMES)


def test_grafana_finds_the_board_and_its_source() -> None:
    folder = ROOT / "deploy" / "grafana"
    (source,) = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text("utf-8"))["datasources"]
    (provider,) = yaml.safe_load((folder / "dashboards" / "kaimen.yml").read_text("utf-8"))["providers"]
    composed = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))["services"]
    mounted = composed["grafana"]["volumes"][0].split(":")[1]
    assert provider["options"]["path"] == f"{mounted}/dashboards"
    assert source["url"] == "http://prometheus:9090"
    assert {panel["datasource"]["uid"] for panel in panels() if panel["type"] != "row"} == {source["uid"]}
