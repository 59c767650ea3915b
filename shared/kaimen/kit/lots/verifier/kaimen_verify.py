#!/usr/bin/env python3
"""kaimen-verify: check a published draw. 核验公开抽签记录。

    python kaimen_verify.py TRANSCRIPT [--me PSEUDONYM] [--openings FILE] [--json]

Needs Python 3.10 or newer and nothing else; reads one file, asks nobody. Exit 0: valid, 1: invalid, 2: unreadable.
A fault is "path: code": the path is a JSON Pointer (RFC 6901) into the transcript. The protocol, for whoever wants to
write another verifier, is PROTOCOL.md of kaimen.kit.lots.
"""

import argparse
import hashlib
import itertools
import json
import re
import sys
from pathlib import Path

LIMIT, MILLION, WORD = 2**53, 1_000_000, 2**64
UNREADABLE = 2
# What a document may hold. The same text stands in verify.html. "{}": one object with exactly these keys, "?" marks
# optional ones; "{*}": any keys; "[*]": a list; "[,]": exactly these; "?": a text or else; "=": this text or number.
SHAPES = json.loads(r"""{
"lots": {"{}": {"version": {"=": 1}, "rules": "rules", "pool": {"[*]": "row"}, "commitment": "commitment",
  "draw": "draw", "replacements": {"[*]": {"{}": {"vacant": "names", "chosen": "names", "hash": "hash"}}}}},
"rules": {"{}": {"id": "text", "title": "text", "k": "some", "m": "some",
  "quotas": {"{*}": {"{*}": {"[,]": ["count", "count"]}}}, "closes_at": "instant", "entropy": "sources",
  "min_shared": "some", "reserve_rule": {"=": "order"}, "replacement_at_hours": "count",
  "max_rounding_loss_ppm": "count", "algorithm": {"=": "kaimen-lots-1"}, "verifier_sha256": "hash",
  "previous?": "hash", "reason?": "text"}},
"sources": {"[*]": {"{}": {"id": {"text": "[A-Za-z0-9][A-Za-z0-9._-]*"}, "name": "text",
  "form": {"text": "sorted-ints|ints|decimal2|hex|digits"}, "fallback?": "names"}}},
"row": {"[,]": ["text", {"?": ["hash", {"{*}": "text"}]}]},
"commitment": {"{}": {"rules_hash": "hash", "pool_root": "hash", "panels": {"[*]": "names"}, "panels_root": "hash",
  "certificate": "certificate", "commitment": "hash"}},
"certificate": {"{}": {"lowest_ppm": "count", "optimum_ppm": "count", "bound_ppm": "count", "excluded": "names",
  "bound": {"{}": {"weights": {"[*]": "count"}, "seats": "integer", "at_most": {"{*}": {"{*}": "count"}},
    "at_least": {"{*}": {"{*}": "count"}}}},
  "optimum": {"{}": {"weights": {"[*]": "count"}}}}},
"draw": {"{}": {"entropy": "text", "seed": "hash", "panel_number": "count", "selected": "names", "reserve": "names"}},
"order": {"{}": {"version": {"=": 1}, "kind": {"=": "order"}, "rules": {"{}": {"id": "text", "title": "text",
    "sessions": {"{*}": "count"}, "closes_at": "instant", "entropy": "sources", "algorithm": {"=": "kaimen-order-1"},
    "verifier_sha256": "hash"}},
  "pool": {"[*]": {"[,]": ["text", {"{}": {"party": "some", "wants": "names", "won_before": "bit"}}]}},
  "commitment": {"{}": {"rules_hash": "hash", "pool_root": "hash", "commitment": "hash"}},
  "draw": {"{}": {"entropy": "text", "seed": "hash", "order": "names", "assigned": {"{*}": "text"},
    "waiting": {"{*}": "names"}}}}},
"openings": {"[*]": {"{}": {"pseudonym": "text", "features": {"{*}": "text"}, "salt": "text"}}},
"names": {"[*]": "text"},
"text": {"text": "[^\\u0000-\\u001f]+"},
"hash": {"text": "[0-9a-f]{64}"},
"instant": {"text": "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})"},
"count": {"integer": [0, 9007199254740991]},
"some": {"integer": [1, 1000000]},
"bit": {"integer": [0, 1]},
"integer": {"integer": [-9007199254740991, 9007199254740991]}
}""")
NUMBER = "(0|[1-9][0-9]*)"
FORMS = {
    "sorted-ints": NUMBER + r"(\." + NUMBER + ")*",
    "ints": NUMBER + r"(\." + NUMBER + ")*",
    "decimal2": NUMBER + r"\.[0-9]{2}",
    "hex": "[0-9a-f]+",
    "digits": "[0-9]+",
}
PARTS = {
    "file": ("文件为规范形式，字段齐全", "the file is canonical and complete"),
    "rules": ("规则自洽", "the rules are consistent"),
    "pool": ("名册有序，特征符合规则", "the pool is sorted and fits the rules"),
    "roots": ("承诺哈希一致", "the commitment's hashes agree"),
    "panels": ("每个名单人数、配额正确，同类者机会相等", "every panel meets every quota; equals have equal chances"),
    "certificate": ("机会与证书相符，取整损失在允许之内", "chances agree with the certificate, within the tolerance"),
    "draw": ("种子、名单号、入选与候补次序正确", "seed, panel, selection and reserve order follow from the entropy"),
    "replacements": ("递补符合规则", "replacements follow the rule"),
}


def canonical(value):
    """RFC 8785 for objects, lists, texts, integers, true, false, null."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(canonical(key) + ":" + canonical(value[key]) for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def digest(tag, *parts):
    """H: SHA-256 over length (8 bytes) and bytes of tag and each part."""
    hashed = hashlib.sha256()
    for part in (tag, *parts):
        octets = (part if isinstance(part, str) else canonical(part)).encode()
        hashed.update(len(octets).to_bytes(8, "big") + octets)
    return hashed.hexdigest()


def root(elements):
    """RFC 6962 tree over canonical elements."""
    level = [hashlib.sha256(b"\0" + canonical(element).encode()).digest() for element in elements]
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\1" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + level[2 * len(pairs) :]
    return level[0].hex() if level else hashlib.sha256(b"").hexdigest()


def join(path, key):
    return path + "/" + str(key).replace("~", "~0").replace("/", "~1")


def ascending(names):
    return all(a < b for a, b in itertools.pairwise(names))


def plain(value, path, faults):
    """Only what has a canonical form: no fractions, no large integers, no lone surrogates."""
    if isinstance(value, float) or (isinstance(value, int) and abs(value) >= LIMIT):
        faults.append(path + ": number")
    elif isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        faults.append(path + ": text")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            plain(item, join(path, place), faults)
    elif isinstance(value, dict):
        for key in value:
            plain(key, path, faults)
        if not faults:
            for key in sorted(value):
                plain(value[key], join(path, key), faults)


def shape(value, form, path, faults):
    """Compare with SHAPES."""
    if isinstance(form, str):
        return shape(value, SHAPES[form], path, faults)
    ((kind, inner),) = form.items()
    if kind == "?":
        return shape(value, inner[0] if isinstance(value, str) else inner[1], path, faults)
    expected = {"{": dict, "[": list, "t": str, "i": int, "=": type(inner)}[kind[0]]
    if type(value) is not expected:
        faults.append(path + ": kind")
    elif kind == "text" and not re.fullmatch(inner, value):
        faults.append(path + ": text")
    elif (kind == "integer" and not inner[0] <= value <= inner[1]) or (kind == "=" and value != inner):
        faults.append(path + ": value")
    elif kind == "[*]":
        for place, item in enumerate(value):
            shape(item, inner, join(path, place), faults)
    elif kind == "[,]":
        if len(value) != len(inner):
            faults.append(path + ": size")
        for place, (item, part) in enumerate(zip(value, inner, strict=False)):
            shape(item, part, join(path, place), faults)
    elif kind == "{*}":
        for key in sorted(value):
            shape(key, "text", join(path, key), faults)
            shape(value[key], inner, join(path, key), faults)
    elif kind == "{}":
        known = {key.rstrip("?"): key for key in inner}
        faults += [join(path, key) + ": unknown" for key in sorted(value) if key not in known]
        for key in sorted(known):
            if key in value:
                shape(value[key], inner[known[key]], join(path, key), faults)
            elif known[key] == key:
                faults.append(join(path, key) + ": missing")


def check_sources(sources, faults):
    ids = [source["id"] for source in sources]
    stand_ins = [name for source in sources for name in source.get("fallback", [])]
    for place, source in enumerate(sources):
        path, others = f"/rules/entropy/{place}", source.get("fallback", [])
        if ids.count(source["id"]) > 1:
            faults.append(path + "/id: twice")
        unknown = any(name not in ids or name == source["id"] or others.count(name) > 1 for name in others)
        if unknown or ("fallback" in source and (not others or source["id"] in stand_ins)):
            faults.append(path + "/fallback: source")
    if all(name in stand_ins for name in ids):
        faults.append("/rules/entropy: source")


def check_entropy(text, sources, faults):
    """ "id=value/" for each source that is not only a stand-in, or for one of its stand-ins."""
    forms = {source["id"]: source["form"] for source in sources}
    stand_ins = {name for source in sources for name in source.get("fallback", [])}
    firsts = [source for source in sources if source["id"] not in stand_ins]
    parts = text.split("/")
    good = len(parts) == len(firsts) + 1 and parts[-1] == ""
    for source, part in zip(firsts, parts, strict=False):
        name, _, value = part.partition("=")
        if name not in [source["id"], *source.get("fallback", [])] or not re.fullmatch(FORMS[forms[name]], value):
            good = False
        elif forms[name] == "sorted-ints":
            numbers = [(len(number), number) for number in value.split(".")]
            good = good and numbers == sorted(numbers)
    if not good:
        faults.append("/draw/entropy: form")


def below(limit, seed):
    """An unbiased integer in [0, limit) from 64-bit words of H("prf", seed, "panel", 0), …"""
    block = 0
    while True:
        octets = bytes.fromhex(digest("prf", seed, "panel", block))
        for start in range(0, 32, 8):
            word = int.from_bytes(octets[start : start + 8], "big")
            if word < WORD - WORD % limit:
                return word % limit
        block += 1


class Draw:
    """A transcript with quotas; `features` of the rows that are visible or opened."""

    def __init__(self, document, openings):
        self.rules, self.pool, self.record = document["rules"], document["pool"], document["commitment"]
        self.draw, self.replacements, self.openings = document["draw"], document["replacements"], openings
        self.quotas, self.names = self.rules["quotas"], [row[0] for row in self.pool]
        self.features = {name: row for name, row in self.pool if isinstance(row, dict)}
        self.places = {name: place for place, name in enumerate(self.names)}
        self.cells = [(feature, value) for feature in sorted(self.quotas) for value in sorted(self.quotas[feature])]

    def check_rules(self, faults):
        for feature in sorted(self.quotas):
            if not self.quotas[feature]:
                faults.append(join("/rules/quotas", feature) + ": size")
            for value in sorted(self.quotas[feature]):
                low, high = self.quotas[feature][value]
                if not low <= high <= self.rules["k"]:
                    faults.append(join(join("/rules/quotas", feature), value) + ": bounds")
        if ("previous" in self.rules) != ("reason" in self.rules):
            faults.append("/rules/reason: missing")
        if self.rules["replacement_at_hours"] > 8760:
            faults.append("/rules/replacement_at_hours: value")
        if self.rules["max_rounding_loss_ppm"] > MILLION:
            faults.append("/rules/max_rounding_loss_ppm: value")
        check_sources(self.rules["entropy"], faults)

    def check_pool(self, faults):
        for place in range(1, len(self.names)):
            if not self.names[place - 1] < self.names[place]:
                faults.append(f"/pool/{place}/0: order")
        if len(self.names) <= self.rules["k"]:
            faults.append("/pool: size")
        rows = dict(self.pool)
        for place, opening in enumerate(self.openings):
            name = opening["pseudonym"]
            if rows.get(name) == digest("row", name, opening["features"], opening["salt"]):
                self.features[name] = opening["features"]
            else:
                faults.append(f"/openings/{place}: opening")
        shared = {}
        for features in self.features.values():
            shared[canonical(features)] = shared.get(canonical(features), 0) + 1
        for place, (name, row) in enumerate(self.pool):
            features = self.features.get(name)
            if features is None:
                continue
            fits = features.keys() == self.quotas.keys() and all(features[f] in self.quotas[f] for f in features)
            rare = shared[canonical(features)] < self.rules["min_shared"]
            if not fits:
                faults.append(f"/pool/{place}/1: features")
            elif rare and isinstance(row, dict):
                faults.append(f"/pool/{place}/1: rare")
            elif not rare and isinstance(row, str):
                faults.append(f"/pool/{place}/1: common")

    def check_roots(self, faults):
        given = self.record
        expected = {
            "rules_hash": digest("rules", self.rules),
            "pool_root": root(self.pool),
            "panels_root": root(given["panels"]),
            "commitment": digest(
                "commit", given["rules_hash"], given["pool_root"], given["panels_root"], given["certificate"]
            ),
        }
        faults += [f"/commitment/{field}: hash" for field in expected if given[field] != expected[field]]

    def check_panels(self, faults):
        if len(self.record["panels"]) != self.rules["m"]:
            faults.append("/commitment/panels: size")
        for place, panel in enumerate(self.record["panels"]):
            path = f"/commitment/panels/{place}"
            if len(panel) != self.rules["k"]:
                faults.append(path + ": size")
            elif not ascending(panel):
                faults.append(path + ": order")
            elif any(name not in self.places for name in panel):
                faults.append(path + ": name")
            elif not self.meets_quotas(panel):
                faults.append(path + ": quota")
        times, seen = self.times(), {}
        for name in sorted(self.features):
            least, most = seen.get(canonical(self.features[name]), (times[name], times[name]))
            seen[canonical(self.features[name])] = (min(least, times[name]), max(most, times[name]))
        if any(most - least > 1 for least, most in seen.values()):
            faults.append("/commitment/panels: equals")

    def meets_quotas(self, panel):
        counts, hidden = dict.fromkeys(self.cells, 0), 0
        for name in panel:
            hidden += name not in self.features
            for item in self.features.get(name, {}).items():
                counts[item] += 1
        return all(self.quotas[f][v][0] - hidden <= counts[f, v] <= self.quotas[f][v][1] for f, v in self.cells)

    def times(self):
        """In how many panels each person is."""
        times = dict.fromkeys(self.names, 0)
        for panel in self.record["panels"]:
            for name in panel:
                if name in times:
                    times[name] += 1
        return times

    def check_certificate(self, faults):
        given, path, quotas = self.record["certificate"], "/commitment/certificate", self.quotas
        bound, excluded = given["bound"], set(given["excluded"])
        if not ascending(given["excluded"]) or not excluded <= set(self.names):
            return faults.append(path + "/excluded: order")
        times = self.times()
        if any(times[name] for name in excluded) or len(excluded) == len(self.names):
            return faults.append(path + "/excluded: value")
        lowest = min(times[name] for name in self.names if name not in excluded)
        if given["lowest_ppm"] != lowest * MILLION // max(1, len(self.record["panels"])):
            faults.append(path + "/lowest_ppm: value")
        for field in ("bound", "optimum"):
            weights = given[field]["weights"]
            fits = len(weights) == len(self.names) and sum(weights) > 0
            if not fits or any(weights[self.places[name]] for name in excluded):
                return faults.append(f"{path}/{field}/weights: value")
        for field in ("at_most", "at_least"):
            if {f: set(values) for f, values in bound[field].items()} != {f: set(v) for f, v in quotas.items()}:
                return faults.append(f"{path}/bound/{field}: keys")
        if len(self.features) == len(self.names) and given["bound_ppm"] != self.bound_ppm(bound):
            faults.append(path + "/bound_ppm: value")
        if not given["lowest_ppm"] <= given["optimum_ppm"] <= given["bound_ppm"]:
            faults.append(path + "/optimum_ppm: value")
        if given["lowest_ppm"] < given["optimum_ppm"] - self.rules["max_rounding_loss_ppm"]:
            faults.append(path + "/lowest_ppm: loss")

    def bound_ppm(self, bound):
        """No panel weighs more than the load: weak duality of linear programming, in integers."""
        most, least, load = bound["at_most"], bound["at_least"], bound["seats"] * self.rules["k"]
        for f, v in self.cells:
            load += most[f][v] * self.quotas[f][v][1] - least[f][v] * self.quotas[f][v][0]
        for name, weight in zip(self.names, bound["weights"], strict=True):
            cost = bound["seats"] + sum(most[f][v] - least[f][v] for f, v in self.features[name].items())
            load += max(0, weight - cost)
        return -(-load * MILLION // sum(bound["weights"]))

    def check_draw(self, faults):
        given, panels = self.draw, self.record["panels"]
        check_entropy(given["entropy"], self.rules["entropy"], faults)
        seed = digest("seed", self.record["commitment"], given["entropy"])
        if given["seed"] != seed:
            faults.append("/draw/seed: hash")
        number = below(len(panels), seed) if panels else 0
        if given["panel_number"] != number:
            faults.append("/draw/panel_number: value")
        if not panels or given["selected"] != panels[number]:
            faults.append("/draw/selected: value")
        rest = sorted(set(self.names) - set(given["selected"]), key=lambda name: (digest("reserve", seed, name), name))
        if given["reserve"] != rest:
            faults.append("/draw/reserve: value")

    def check_replacements(self, faults):
        seated, called, before = set(self.draw["selected"]), set(), self.draw["seed"]
        for place, step in enumerate(self.replacements):
            vacant, chosen, path = step["vacant"], step["chosen"], f"/replacements/{place}"
            if not vacant or not ascending(vacant) or not seated.issuperset(vacant):
                return faults.append(path + "/vacant: value")
            seated -= set(vacant)
            available = [name for name in self.draw["reserve"] if name not in called]
            if len(self.features) == len(self.names):
                good = chosen == first_fit(self, sorted(seated), available, len(vacant))
            else:
                wanted = min(len(vacant), len(available))
                good = chosen == [name for name in available if name in chosen] and len(chosen) == wanted
            if not good:
                return faults.append(path + "/chosen: value")
            before = digest("replacement", before, vacant, chosen)
            if step["hash"] != before:
                return faults.append(path + "/hash: hash")
            called |= set(chosen)
            seated |= set(chosen)


def first_fit(draw, staying, reserve, vacancies):
    """The first set of reserves, in dictionary order, with the least total distance from the quotas."""
    number = {cell: place for place, cell in enumerate(draw.cells)}
    bounds = [draw.quotas[f][v] for f, v in draw.cells]
    groups = [[number[f, v] for v in draw.quotas[f]] for f in draw.quotas]
    kinds = [[number[item] for item in sorted(draw.features[name].items())] for name in reserve]
    start, needed, spare, found = [0] * len(bounds), min(vacancies, len(reserve)), 0, None
    for name in staying:
        for item in draw.features[name].items():
            start[number[item]] += 1

    def walk(counts, places, left, spare, dead):
        """Places in the reserve; `spare`: how much more than unavoidable the distance may grow."""
        if left == 0:
            return []
        if len(places) < left or dead.get(tuple(counts), len(kinds)) <= places[0]:
            return None
        cost, lacks = [0] * len(counts), [max(0, low - count) for (low, _), count in zip(bounds, counts, strict=True)]
        for cells in groups:
            need = sum(lacks[cell] for cell in cells)
            room = sum(max(0, bounds[cell][1] - counts[cell]) for cell in cells)
            for cell in cells:
                full = counts[cell] >= bounds[cell][1]
                cost[cell] = (lacks[cell] == 0 and left <= need) + (full and left <= room)
        prices = {place: sum(cost[cell] for cell in kinds[place]) for place in places}
        first, places = places[0], [place for place in places if prices[place] <= spare]
        there = [sum(cell in kinds[place] for place in places) for cell in range(len(counts))]
        missing = 0
        for cells in groups:
            met = sum(min(lacks[cell], there[cell]) for cell in cells)
            missing += min(left, sum(lacks[cell] for cell in cells)) - min(left, met)
        tried = []
        if len(places) >= left and missing <= spare and sum(sorted(prices[place] for place in places)[:left]) <= spare:
            for at, place in enumerate(places):
                if kinds[place] not in tried:
                    tried.append(kinds[place])
                    grown = [count + (cell in kinds[place]) for cell, count in enumerate(counts)]
                    rest = walk(grown, places[at + 1 :], left - 1, spare - prices[place], dead)
                    if rest is not None:
                        return [place, *rest]
        dead[tuple(counts)] = first
        return None

    while found is None:
        found = walk(start, list(range(len(kinds))), needed, spare, {})
        spare += 1
    return [reserve[place] for place in found]


def check_order(document, report):
    """A uniform order for open-day seats."""
    rules, pool, record, draw = (document[field] for field in ("rules", "pool", "commitment", "draw"))
    names, wishes, sessions = [row[0] for row in pool], dict(pool), rules["sessions"]
    check_sources(rules["entropy"], report["rules"])
    if not sessions:
        report["rules"].append("/rules/sessions: size")
    for place, (name, wish) in enumerate(pool):
        if place and not names[place - 1] < name:
            report["pool"].append(f"/pool/{place}/0: order")
        wants = wish["wants"]
        if not wants or len(set(wants)) < len(wants) or not set(wants) <= set(sessions):
            report["pool"].append(f"/pool/{place}/1/wants: value")
    if report["rules"] or report["pool"]:
        return
    hashes = {"rules_hash": digest("rules", rules), "pool_root": root(pool)}
    hashes["commitment"] = digest("commit", record["rules_hash"], record["pool_root"])
    report["roots"] += [f"/commitment/{field}: hash" for field in hashes if record[field] != hashes[field]]
    check_entropy(draw["entropy"], rules["entropy"], report["draw"])
    seed = digest("seed", record["commitment"], draw["entropy"])
    order = sorted(names, key=lambda name: (wishes[name]["won_before"], digest("order", seed, name), name))
    free, assigned, waiting = dict(sessions), {}, {session: [] for session in sessions}
    for name in order:
        fitting = [session for session in wishes[name]["wants"] if free[session] >= wishes[name]["party"]]
        if fitting:
            assigned[name] = fitting[0]
            free[fitting[0]] -= wishes[name]["party"]
        else:
            for session in wishes[name]["wants"]:
                waiting[session].append(name)
    if draw["seed"] != seed:
        report["draw"].append("/draw/seed: hash")
    for field, expected in (("order", order), ("assigned", assigned), ("waiting", waiting)):
        if draw[field] != expected:
            report["draw"].append(f"/draw/{field}: value")


def examine(document, openings=(), text=None):
    """Faults by part. A part that an earlier fault makes meaningless stays empty."""
    report = {part: [] for part in PARTS}
    ordered = isinstance(document, dict) and "kind" in document
    plain(document, "", report["file"])
    plain(openings, "/openings", report["file"])
    if report["file"]:
        return report
    shape(document, "order" if ordered else "lots", "", report["file"])
    shape(list(openings), "openings", "/openings", report["file"])
    if report["file"]:
        return report
    if text is not None and text != canonical(document):
        report["file"].append("/: canonical")
    if ordered:
        check_order(document, report)
        return report
    draw = Draw(document, openings)
    draw.check_rules(report["rules"])
    draw.check_pool(report["pool"])
    if not report["rules"] and not report["pool"]:
        for part in ("roots", "panels", "certificate", "draw"):
            getattr(draw, "check_" + part)(report[part])
        if not report["panels"] and not report["draw"]:
            draw.check_replacements(report["replacements"])
    return report


def verify(document, openings=(), text=None):
    """All faults of a parsed transcript; with `text`, also whether that is its canonical form."""
    return [fault for faults in examine(document, openings, text).values() for fault in faults]


def read(path):
    """Text (without white space around it) and document. ValueError if it is no JSON."""
    text = Path(path).read_bytes().decode().strip(" \t\r\n")

    def whole(digits):
        return int(digits) if len(digits) < 18 else float(digits)

    def fraction(digits):
        # JavaScript cannot tell 1.0 from 1: here as there, the canonical form is what finds it.
        number = float(digits)
        return int(number) if number.is_integer() and abs(number) < LIMIT else number

    def refuse(constant):
        raise ValueError(constant)

    return text, json.loads(text, parse_int=whole, parse_float=fraction, parse_constant=refuse)


def personal(document, me):
    """What a valid record says of one person; None if they are not in the pool."""
    row, draw = dict(document["pool"]).get(me), document["draw"]
    if row is None:
        return None
    if "kind" in document:
        return {"row": row, "place": draw["order"].index(me) + 1, "assigned": draw["assigned"].get(me)}
    panels, steps = document["commitment"]["panels"], document["replacements"]
    place = draw["reserve"].index(me) + 1 if me in draw["reserve"] else 0
    called, left = ([me in step[field] for step in steps].count(True) for field in ("chosen", "vacant"))
    times = sum(me in panel for panel in panels)
    return {"row": row, "panels": times, "m": len(panels), "reserve_place": place, "seat": (place == 0) + called - left}


def lines(document, report, hidden, about, me):
    """The verdict, for people."""
    absent = ("panels", "certificate", "replacements") if "kind" in document else ()
    unread = report["file"] or report["rules"] or report["pool"]
    for part, (zh, en) in PARTS.items():
        if part not in absent:
            unseen = unread and part not in ("file", "rules", "pool")
            yield f"{'✗' if report[part] else '–' if unseen else '✓'} {zh}\n    {en}"
            yield from (f"    → {fault}" for fault in report[part])
    if hidden:
        yield f"! {hidden} 行隐藏，配额、上界与递补只核验了可见部分\n    {hidden} rows hidden: quotas, bound and "
        yield "    replacements are checked as far as visible; --openings FILE makes it exact"
    own = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    if report["file"] or document["rules"]["verifier_sha256"] != own:
        yield "· 规则指定的不是本程序的这一版\n    the rules name another version of this program"
    if me:
        yield f"· {me}: " + (canonical(about) if about else "无效记录或不在名册 / invalid record, or not in the pool")
    yield "结论：无效 / INVALID" if any(report.values()) else "结论：有效 / VALID"


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="kaimen-verify", description="核验公开抽签记录 / check a published draw")
    parser.add_argument("transcript")
    parser.add_argument("--me", metavar="PSEUDONYM")
    parser.add_argument("--openings", metavar="FILE")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        text, document = read(options.transcript)
        openings = read(options.openings)[1] if options.openings else []
        if not isinstance(document, dict) or not isinstance(openings, list):
            raise ValueError("not an object, or openings that are no list")
        report = examine(document, openings, text)
    except (OSError, ValueError, RecursionError) as problem:
        print(f"无法读取 / unreadable: {problem}", file=sys.stderr)
        return UNREADABLE
    faults = [fault for found in report.values() for fault in found]
    hidden = 0 if faults else sum(isinstance(row[1], str) for row in document["pool"]) - len(openings)
    about = None if faults else personal(document, options.me)
    if options.json:
        print(canonical({"valid": not faults, "faults": faults, "hidden_rows": hidden, "me": about}))
    else:
        print("\n".join(lines(document, report, hidden, about, options.me)))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
