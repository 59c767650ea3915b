"""The two stand-alone verifiers: nothing false passes, nothing true is refused, and both say the same."""

import copy
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright

from browser.views import ARGUMENTS, CHROMIUM
from kaimen.kit import lots
from unit.test_lots_cases import (
    LOTS,
    SOURCES,
    TRIALS,
    VALUES,
    VERIFIER,
    make_order,
    make_transcript,
    opendlp100,
    random_pool,
    rules_for,
)

FOLDER = LOTS / "verifier"
PAGE = FOLDER / "verify.html"
BATCH = 500
Record = dict[str, Any]


@pytest.fixture(scope="module")
async def page() -> AsyncIterator[Page]:
    """verify.html in a real browser, from a file, with every request to the outside counted as a fault."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        opened = await browser.new_page()
        problems: list[str] = []
        opened.on("pageerror", lambda error: problems.append(str(error)))
        opened.on("request", lambda request: problems.append(request.url))
        await opened.goto(PAGE.as_uri())
        yield opened
        await browser.close()
        assert problems == [PAGE.as_uri()]


async def faults_in_page(page: Page, texts: list[str], openings: list[Any] | None = None) -> list[list[str] | None]:
    found: list[list[str] | None] = []
    script = "([texts, openings]) => texts.map((text) => verifyText(text, openings))"
    for start in range(0, len(texts), BATCH):
        found += await page.evaluate(script, [texts[start : start + BATCH], openings or []])
    return found


def spell(document: Any) -> str:
    return lots.canonical(document).decode()


def open_rows(openings: tuple[lots.Opening, ...]) -> list[Any]:
    return [
        {"pseudonym": opening.pseudonym, "features": opening.features, "salt": opening.salt} for opening in openings
    ]


@cache
def originals() -> list[tuple[Record, list[Any]]]:
    """Small transcripts of every kind: open, hidden, hidden and opened, second draw, stand-in sources, orders."""
    second: Any = {"previous": "0" * 64, "reason": "设备故障"}
    made = [make_transcript(random_pool(seed), m=20) for seed in (1, 2, 3, 4)]
    made.append(make_transcript(random_pool(5), m=20, **second))
    hidden = [make_transcript(random_pool(seed), m=20, min_shared=3) for seed in (11, 14, 19)]
    found = [(record, []) for record, _ in made]
    found += [(record, []) for record, _ in hidden]
    found += [(record, open_rows(openings)) for record, openings in hidden]
    found += [(make_order(seed), []) for seed in (1, 2, 3)]
    return found


def test_originals_are_valid_and_of_every_kind() -> None:
    assert [VERIFIER.verify(record, openings, spell(record)) for record, openings in originals()] == [[]] * 14
    assert any(isinstance(row[1], str) for record, _ in originals() for row in record["pool"])
    assert any(record.get("replacements") for record, _ in originals())
    assert any(opening for _, opening in originals())


# Edits without knowledge of the hashes: every one must be caught.


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, child in children for place in places(child, (*at, key)))]


@cache
def places_by_depth(number: int) -> dict[int, list[tuple[Any, ...]]]:
    """Grouped by depth, so that thousands of names in panels do not crowd out the few fields at the top."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    for place in places(originals()[number][0]):
        found.setdefault(len(place), []).append(place)
    return found


def other_leaf(value: Any, chance: random.Random) -> Any:
    if isinstance(value, int):
        return chance.choice([value + 1, value - 1, -value, value * 10, str(value), None, True, [value], 2**53, 0.5])
    text = str(value)
    place = chance.randrange(len(text) + 1)
    letter = text[place : place + 1]
    return chance.choice(
        [
            text[:place] + chance.choice("0a张 \n\ud83d😀") + text[place + 1 :],
            text[:place] + text[place + 1 :],
            text + " ",
            text.upper() if text.upper() != text else text + "0",
            text[:place] + letter * 2 + text[place + 1 :],
            "",
            0,
            {},
            None,
        ]
    )


def edit_list(items: list[Any], chance: random.Random) -> None:
    kind = chance.choice(["delete", "duplicate", "swap", "append", "reverse", "clear"])
    place = chance.randrange(len(items)) if items else 0
    if kind == "append" or not items:
        items.append(chance.choice(["", "新", 0, [], {}, None]))
    elif kind == "delete":
        del items[place]
    elif kind == "duplicate":
        items.insert(chance.randrange(len(items) + 1), copy.deepcopy(items[place]))
    elif kind == "swap":
        other = chance.randrange(len(items))
        items[place], items[other] = items[other], items[place]
    elif kind == "reverse":
        items.reverse()
    else:
        items.clear()


def edit_object(fields: dict[str, Any], chance: random.Random) -> None:
    kind = chance.choice(["delete", "rename", "swap", "add"])
    names = sorted(fields)
    if kind == "add" or not names:
        fields[chance.choice(["", "kind", "note", "__proto__", "constructor", "\ud800", "reason"])] = chance.choice(
            ["", 0, [], {}]
        )
    elif kind == "delete":
        del fields[chance.choice(names)]
    elif kind == "rename":
        name = chance.choice(names)
        fields[name + chance.choice([" ", "x", "?"])] = fields.pop(name)
    else:
        one, other = chance.choice(names), chance.choice(names)
        fields[one], fields[other] = fields[other], fields[one]


def edited(number: int, chance: random.Random) -> Record:
    """The record with one change somewhere; the change may by luck be none."""
    record = copy.deepcopy(originals()[number][0])
    depths = places_by_depth(number)
    place = chance.choice(depths[chance.choice(sorted(depths))])
    parent: Any = None
    value: Any = record
    for key in place:
        parent, value = value, value[key]
    if isinstance(value, list):
        edit_list(value, chance)
    elif isinstance(value, dict):
        edit_object(value, chance)
    else:
        parent[place[-1]] = other_leaf(value, chance)
    return record


def is_an_earlier_state(record: Record, original: Record) -> bool:
    """A transcript without its last replacements was published too, and is as valid as it was then."""
    steps = record.get("replacements")
    if not isinstance(steps, list) or {**record, "replacements": []} != {**original, "replacements": []}:
        return False
    return steps == original["replacements"][: len(steps)]


def as_text(record: Any) -> str:
    """JSON even of what has no canonical form."""
    try:
        return spell(record)
    except lots.NotCanonical:
        return json.dumps(record, ensure_ascii=True, separators=(",", ":"), sort_keys=True)


def read(text: str) -> Any:
    return json.loads(text)


async def test_every_edit_is_caught_by_both_verifiers_with_the_same_faults(page: Page) -> None:
    chance, wanted, missed, differing = random.Random(20261125), 2000 * TRIALS, [], []
    batches: dict[int, list[str]] = {}
    made = 0
    while made < wanted:
        number = chance.randrange(len(originals()))
        record, original = edited(number, chance), originals()[number][0]
        text = as_text(record)
        if text == as_text(original) or is_an_earlier_state(record, original):
            continue
        made += 1
        batches.setdefault(number, []).append(text)
        if len(batches[number]) == BATCH or made == wanted:
            for full in [number] if made < wanted else list(batches):
                openings, texts = originals()[full][1], batches.pop(full)
                expected = [VERIFIER.verify(read(text), openings, text) for text in texts]
                found = await faults_in_page(page, texts, openings)
                missed += [text for text, faults in zip(texts, expected, strict=True) if not faults]
                differing += [(ours, theirs) for ours, theirs in zip(expected, found, strict=True) if ours != theirs]
    assert (missed[:1], differing[:1]) == ([], [])


def test_no_field_at_all_escapes() -> None:
    """Systematically: every leaf of a record changed, every element of every list and object left out."""
    for number in (0, 10, 11):
        record, openings = originals()[number]
        for place in places(record)[1:]:
            changed = copy.deepcopy(record)
            parent: Any = changed
            for key in place[:-1]:
                parent = parent[key]
            before = parent[place[-1]]
            del parent[place[-1]]
            if not is_an_earlier_state(changed, record):
                assert VERIFIER.verify(changed, openings), place
            if isinstance(before, str | int):
                altered = before + 1 if isinstance(before, int) else before + "0"
                parent.insert(place[-1], altered) if isinstance(parent, list) else parent.update({place[-1]: altered})
                assert VERIFIER.verify(changed, openings), place


# Forgeries by somebody who computes all hashes anew: only meaning can betray them.


def seal(record: Record) -> Record:
    """All hashes, the draw and the certificate's lowest chance made to fit again."""
    commitment = record["commitment"]
    times = {row[0]: 0 for row in record["pool"]}
    for panel in commitment["panels"]:
        for name in panel:
            if name in times:
                times[name] += 1
    certificate = commitment["certificate"]
    lowest = min(count for name, count in times.items() if name not in certificate["excluded"])
    certificate["lowest_ppm"] = lowest * 1_000_000 // max(1, len(commitment["panels"]))
    reseal(record)
    return record


def reseal(record: Record) -> None:
    commitment = record["commitment"]
    commitment["rules_hash"] = lots.digest("rules", record["rules"])
    commitment["pool_root"] = lots.merkle_root(record["pool"])
    commitment["panels_root"] = lots.merkle_root(commitment["panels"])
    parts = (commitment[field] for field in ("rules_hash", "pool_root", "panels_root", "certificate"))
    commitment["commitment"] = lots.digest("commit", *parts)
    record["draw"] = lots.draw(record["pool"], commitment, record["draw"]["entropy"])
    record["replacements"] = []


def swap_person(record: Record) -> None:
    """One panel gets somebody whose features break a quota."""
    features = dict(record["pool"])
    panel = record["commitment"]["panels"][3]
    women = [name for name in panel if features[name]["gender"] == "Female"]
    men = sorted(name for name in features if name not in panel and features[name]["gender"] == "Non-binary")
    panel[:] = sorted(set(panel) - set(women[:3]) | set(men[:3]))


def favour(record: Record) -> None:
    """One of two equals has all the panels of both."""
    features = dict(record["pool"])
    shared = [[n for n in features if features[n] == features[name]] for name in features]
    one, other = next(names[:2] for names in shared if len(names) > 1)
    for panel in record["commitment"]["panels"]:
        if other in panel and one not in panel:
            panel[:] = sorted(set(panel) - {other} | {one})


def set_certificate(field: str, change: int) -> Callable[[Record], None]:
    def forge(record: Record) -> None:
        record["commitment"]["certificate"][field] += change

    return forge


def exclude(record: Record) -> None:
    record["commitment"]["certificate"]["excluded"] = [record["pool"][0][0]]


def lighten(record: Record) -> None:
    """Weights that prove a lower bound than is true."""
    bound = record["commitment"]["certificate"]["bound"]
    bound["seats"] -= 1


def tolerate(record: Record) -> None:
    record["rules"]["max_rounding_loss_ppm"] = 0


def hide(record: Record) -> None:
    record["pool"][0][1] = lots.digest("row", record["pool"][0][0], record["pool"][0][1], "salt")


def set_min_shared(record: Record) -> None:
    record["rules"]["min_shared"] = 5


def drop_panel(record: Record) -> None:
    record["commitment"]["panels"].pop()


def add_stranger(record: Record) -> None:
    panel = record["commitment"]["panels"][0]
    panel[:] = sorted([*panel[1:], "stranger"])


def unsort(record: Record) -> None:
    record["pool"].reverse()


def shrink(record: Record) -> None:
    record["commitment"]["panels"][0].pop()


def misname(record: Record) -> None:
    record["pool"][0][1]["gender"] = "男"


def widen(record: Record) -> None:
    record["rules"]["quotas"]["gender"]["Female"] = [16, 14]


def unweigh(record: Record) -> None:
    record["commitment"]["certificate"]["optimum"]["weights"].pop()


def drop_price(record: Record) -> None:
    del record["commitment"]["certificate"]["bound"]["at_most"]["gender"]["Female"]


FORGERIES: list[tuple[Callable[[Record], None], str]] = [
    (swap_person, "/commitment/panels/3: quota"),
    (favour, "/commitment/panels: equals"),
    (set_certificate("optimum_ppm", 1), "/commitment/certificate/optimum_ppm: value"),
    (set_certificate("optimum_ppm", -100_000), "/commitment/certificate/optimum_ppm: value"),
    (set_certificate("bound_ppm", 1), "/commitment/certificate/bound_ppm: value"),
    (set_certificate("bound_ppm", -1), "/commitment/certificate/bound_ppm: value"),
    (exclude, "/commitment/certificate/excluded: value"),
    (lighten, "/commitment/certificate/bound_ppm: value"),
    (tolerate, "/commitment/certificate/lowest_ppm: loss"),
    (hide, "/pool/0/1: common"),
    (set_min_shared, "/pool/0/1: rare"),
    (drop_panel, "/commitment/panels: size"),
    (add_stranger, "/commitment/panels/0: name"),
    (unsort, "/pool/1/0: order"),
    (shrink, "/commitment/panels/0: size"),
    (misname, "/pool/0/1: features"),
    (widen, "/rules/quotas/gender/Female: bounds"),
    (unweigh, "/commitment/certificate/optimum/weights: value"),
    (drop_price, "/commitment/certificate/bound/at_most: keys"),
]


@pytest.mark.parametrize(("forge", "fault"), FORGERIES, ids=lambda value: getattr(value, "__name__", None))
async def test_forgery_with_fresh_hashes_is_named(page: Page, forge: Callable[[Record], None], fault: str) -> None:
    record = copy.deepcopy(make_transcript(opendlp100(), steps=0, m=100, min_shared=1)[0])
    openings = [{"pseudonym": "P001", "features": dict(record["pool"][0][1]), "salt": "salt"}] if forge is hide else []
    forge(record)
    if forge in (exclude, lighten, tolerate) or forge.__name__ == "forge":
        reseal(record)
    else:
        seal(record)
    faults = VERIFIER.verify(record, openings)
    assert fault in faults
    assert await faults_in_page(page, [spell(record)], openings) == [faults]


@pytest.mark.parametrize(
    ("entropy", "good"),
    [
        ("ssq=3.5/szzs=1.00/", True),
        ("fc3d=9.0.1/dice=007/", True),
        ("ssq=5.3/szzs=1.00/", False),
        ("ssq=3.5/szzs=1.0/", False),
        ("ssq=3.5/szzs=1.00", False),
        ("szzs=1.00/ssq=3.5/", False),
        ("ssq=3.5/szzs=1.00/dice=1/", False),
        ("ssq=3.5/", False),
        ("dice=007/szzs=1.00/", False),
        ("ssq=99999999999999999998.99999999999999999999/szzs=1.00/", True),
        ("ssq=" + "1" * 5000 + "/szzs=1.00/", True),
        ("ssq", False),
        ("/", False),
    ],
)
async def test_entropy_of_the_wrong_form_is_named(page: Page, entropy: str, good: bool) -> None:
    record = copy.deepcopy(originals()[0][0])
    record["draw"] = lots.draw(record["pool"], record["commitment"], entropy)
    record["replacements"] = []
    faults = [] if good else ["/draw/entropy: form"]
    assert VERIFIER.verify(record) == faults
    assert await faults_in_page(page, [spell(record)]) == [faults]


async def test_replacement_out_of_turn_is_named(page: Page) -> None:
    record = copy.deepcopy(make_transcript(opendlp100(), steps=1, min_shared=1)[0])
    step = record["replacements"][0]
    step["chosen"] = [name for name in record["draw"]["reserve"] if name not in step["chosen"]][: len(step["chosen"])]
    faults = ["/replacements/0/chosen: value"]
    assert VERIFIER.verify(record) == faults
    assert await faults_in_page(page, [spell(record)]) == [faults]


async def test_replacement_of_another_is_named(page: Page) -> None:
    """When the reserve is used up, whoever left, the same would step in: only the step's hash tells."""
    record, _ = make_transcript(([lots.Person(f"p{n}", {}) for n in range(4)], {}, 3), steps=0, m=20)
    record["replacements"].append(lots.replace(record, record["draw"]["selected"][:2]))
    record["replacements"][0]["vacant"].pop()
    faults = ["/replacements/0/hash: hash"]
    assert VERIFIER.verify(record) == faults
    assert await faults_in_page(page, [spell(record)]) == [faults]


async def test_verifiers_agree_on_random_transcripts(page: Page) -> None:
    count, batch = 200 * TRIALS, []
    for number in range(count):
        if number % 4 == 3:
            record, openings = make_order(number), ()
        else:
            hidden: Any = {"min_shared": 3} if number % 4 == 1 else {}
            # Twenty panels are coarse: one of them is five points.
            record, openings = make_transcript(random_pool(number), m=20, max_rounding_loss_ppm=200_000, **hidden)
        assert VERIFIER.verify(record, [], spell(record)) == [], number
        assert VERIFIER.verify(record, open_rows(openings)) == [], number
        batch.append(spell(record))
        if len(batch) == BATCH or number == count - 1:
            assert await faults_in_page(page, batch) == [[]] * len(batch)
            batch.clear()


async def test_file_that_is_not_canonical_is_named(page: Page) -> None:
    text = spell(originals()[0][0])
    spaced, doubled = (
        json.dumps(read(text), ensure_ascii=False),
        text.replace('{"commitment"', '{"version":1,"commitment"'),
    )
    texts = [spaced, doubled, text.replace('"version":1', '"version":1.0'), text.replace(":1,", ":1e0,", 1)]
    parsed = [VERIFIER.examine(json.loads(text, parse_float=lambda n: int(float(n))), [], text) for text in texts]
    assert [report["file"] for report in parsed] == [["/: canonical"]] * 4
    assert await faults_in_page(page, texts) == [["/: canonical"]] * 4


@pytest.mark.parametrize("text", ["", "[]", "1", "{", '{"version":NaN}', '"x"', "null"])
async def test_unreadable_file_is_no_verdict(page: Page, tmp_path: Path, text: str) -> None:
    (tmp_path / "t.json").write_text(text, "utf-8")
    assert VERIFIER.main([str(tmp_path / "t.json")]) == 2
    assert await faults_in_page(page, [text]) == [None]


def run_alone(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The verifier by itself: an empty folder, no site-packages, no environment."""
    command = [sys.executable, "-I", "-S", "-X", "utf8", "kaimen_verify.py", *arguments]
    return subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, encoding="utf-8", timeout=60)


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    shutil.copy(FOLDER / "kaimen_verify.py", tmp_path)
    return tmp_path


def test_verifier_runs_alone_and_says_valid_invalid_unreadable(alone: Path) -> None:
    record, openings = make_transcript(opendlp100(), steps=1, min_shared=5)
    (alone / "t.json").write_text(spell(record) + "\n", "utf-8")
    (alone / "o.json").write_text(spell(open_rows(openings)), "utf-8")
    record["rules"]["title"] += "。"
    (alone / "forged.json").write_text(spell(record), "utf-8")
    good, opened = run_alone(alone, "t.json"), run_alone(alone, "t.json", "--openings", "o.json")
    forged, absent = run_alone(alone, "forged.json", "--json"), run_alone(alone, "no.json")
    assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "结论：有效 / VALID")
    assert f"! {len(openings)} 行隐藏" in good.stdout
    assert (opened.returncode, "行隐藏" in opened.stdout) == (0, False)
    assert (forged.returncode, json.loads(forged.stdout)["faults"]) == (1, ["/commitment/rules_hash: hash"])
    assert (absent.returncode, absent.stdout) == (2, "")


def test_verifier_tells_each_person_their_chance_and_place(alone: Path) -> None:
    record, _ = make_transcript(opendlp100(), steps=1, min_shared=1)
    (alone / "t.json").write_text(spell(record), "utf-8")
    step, drawn = record["replacements"][0], record["draw"]
    expected = {drawn["selected"][-1]: (0, 1), step["vacant"][0]: (0, 0), step["chosen"][0]: (None, 1)}
    expected[drawn["reserve"][-1]] = (70, 0)
    for name, (place, seat) in expected.items():
        told = json.loads(run_alone(alone, "t.json", "--json", "--me", name).stdout)["me"]
        place = drawn["reserve"].index(name) + 1 if place is None else place
        stated = lots.chance(record["commitment"], name)
        row = dict(record["pool"])[name]
        assert told == {"row": row, "panels": stated.panels, "m": 100, "reserve_place": place, "seat": seat}


def test_verifier_says_whether_the_rules_name_it(alone: Path) -> None:
    own = hashlib.sha256((FOLDER / "kaimen_verify.py").read_bytes()).hexdigest()
    record, _ = make_transcript(random_pool(1), m=20, verifier_sha256=own)
    (alone / "t.json").write_text(spell(record), "utf-8")
    assert "another version" not in run_alone(alone, "t.json").stdout
    (alone / "kaimen_verify.py").write_bytes((FOLDER / "kaimen_verify.py").read_bytes() + b"#\n")
    assert "another version" in run_alone(alone, "t.json").stdout


def test_verifiers_import_nothing_of_the_rest_and_name_no_address() -> None:
    source, html = (FOLDER / "kaimen_verify.py").read_text("utf-8"), PAGE.read_text("utf-8")
    imported = set(re.findall(r"^(?:import|from) (\w+)", source, re.MULTILINE))
    assert imported <= sys.stdlib_module_names
    assert re.findall(r"https?:|//[a-z]|\bfetch\b|XMLHttp|\bimport\b|<link|src=", html.replace("script-src", "")) == []


def test_verifiers_hold_the_same_shapes_and_words() -> None:
    html = PAGE.read_text("utf-8")
    shapes = html[html.index("const SHAPES = ") + 15 : html.index(";\nconst NUMBER")]
    assert json.loads(shapes) == VERIFIER.SHAPES
    assert all(f'"{zh}", "{en}"' in html for zh, en in VERIFIER.PARTS.values())


def test_verifier_installs_alone() -> None:
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["scripts"] == {"kaimen-verify": "kaimen_verify:main"}
    assert project["project"]["dependencies"] == []
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"] == ["kaimen_verify.py"]


async def test_page_shows_verdict_parts_and_personal_line(page: Page, tmp_path: Path) -> None:
    record, _ = make_transcript(opendlp100(), steps=0, min_shared=1)
    (tmp_path / "good.json").write_text(spell(record), "utf-8")
    record["draw"]["seed"] = "0" * 64
    (tmp_path / "bad.json").write_text(spell(record), "utf-8")
    await page.fill("#me", "P001")
    await page.set_input_files("#transcript", tmp_path / "good.json")
    await page.wait_for_selector("#verdict:has-text('记录有效')")
    assert await page.locator("#report li.good").count() == 8
    panels = lots.chance(record["commitment"], "P001").panels
    assert f"{panels} / 100" in await page.inner_text("#personal")
    await page.set_input_files("#transcript", tmp_path / "bad.json")
    await page.wait_for_selector("#verdict:has-text('记录无效')")
    assert await page.inner_text("#report li.bad code") == "→ /draw/seed: hash".removeprefix("→ ")
    assert await page.inner_text("#personal") == ""


def test_trials_are_set_by_the_environment() -> None:
    assert int(os.environ.get("KAIMEN_TRIALS", "1")) == TRIALS
    assert rules_for({}, 1).entropy == SOURCES
    assert set(VALUES) == {"ssq", "szzs"}
