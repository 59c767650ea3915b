"""Bytes and hashes, against the vectors of their RFCs, in the engine and in the stand-alone verifier."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaimen.kit.lots import NotCanonical, canonical, digest, merkle_root
from kaimen.kit.lots.canonical import tree_root
from unit.test_lots_cases import VERIFIER

# RFC 8785 section 3.2.3: keys by UTF-16 code units; and the string of section 3.2.2.
SORTED = '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis",'
SORTED += '"€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}'
STRING = (r'"\u20ac$\u000F\u000aA\u0027\u0042\u0022\u005c\\\"\/"', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"')

# The vectors of Google's certificate-transparency for RFC 6962 section 2.1.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)


def test_canonical_orders_keys_as_rfc_8785_does() -> None:
    shuffled = dict(reversed(json.loads(SORTED).items()))
    assert canonical(shuffled).decode() == SORTED


def test_canonical_escapes_strings_as_rfc_8785_does() -> None:
    assert canonical(json.loads(STRING[0])).decode() == STRING[1]


def test_canonical_keeps_literals_and_does_not_normalise() -> None:
    assert canonical([None, True, False, 0, -1, "e\u0301"]).decode() == '[null,true,false,0,-1,"e\u0301"]'


@pytest.mark.parametrize("value", [0.0, 1.5, float("nan"), 2**53, -(2**53), "\ud800", {"\udfff": 1}, {1: 2}, b"", {1}])
def test_canonical_refuses_what_has_no_exact_form(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical([value])


@given(DOCUMENTS)
def test_canonical_reads_back_and_is_that_of_the_verifier(document: Any) -> None:
    spelled = canonical(document)
    assert json.loads(spelled) == document
    assert canonical(json.loads(spelled)) == spelled
    assert VERIFIER.canonical(document).encode() == spelled


@pytest.mark.parametrize("size", range(9))
def test_tree_root_is_that_of_rfc_6962(size: int) -> None:
    assert tree_root([bytes.fromhex(leaf) for leaf in LEAVES[:size]]) == ROOTS[size]


def split_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1 to the letter: split at the largest power of two below the size."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + split_root(leaves[:half]) + split_root(leaves[half:])).digest()


@given(st.lists(TEXTS, min_size=1, max_size=70))
def test_merkle_root_is_the_recursive_definition_and_that_of_the_verifier(elements: list[str]) -> None:
    expected = split_root([canonical(element) for element in elements]).hex()
    assert merkle_root(elements) == expected
    assert VERIFIER.root(elements) == expected


def test_digest_is_the_hash_of_lengths_and_bytes() -> None:
    parts = [b"row", "张三".encode(), b"12", b'{"a":[1,"b"]}']
    expected = hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).hexdigest()
    assert digest("row", "张三", 12, {"a": [1, "b"]}) == expected


@given(st.lists(DOCUMENTS, max_size=4))
def test_digest_is_that_of_the_verifier(parts: list[Any]) -> None:
    assert digest("tag", *parts) == VERIFIER.digest("tag", *parts)


def test_digest_divides_its_parts() -> None:
    assert len({digest("ab", "c"), digest("a", "bc"), digest("abc"), digest("ab", "c", "")}) == 4
