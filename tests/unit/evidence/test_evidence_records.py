"""Imported records in a bundle: their chain and digests are checked, each is listed as not proven by the log."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import pytest

from evidence import canonical
from evidence.bundle import MemoryBundle
from evidence.refusal import Refusal
from evidence.render import verdict_json, verdict_text
from evidence.verified import VerifiedBundle
from evidence.verify import verify_bundle
from tests.unit.evidence.evidence_builder import LogBuilder, plant, signal, with_sums

Members = dict[str, bytes]
ORIGIN = "sim/91500000TEST000017/ws1"
TABLE, ROWS, BILL = b"table", b'{"rows":[]}', b"bill"


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def imported(number: int, previous: bytes | None, **changes: object) -> bytes:
    """Return the manifest of an import of one table with one original."""
    fields: dict[str, object] = {
        "by": "张三",
        "file": {"bytes": len(TABLE), "name": "运营成本.xlsx", "sha256": digest(TABLE)},
        "findings": [],
        "form": {},
        "kind": "import",
        "number": number,
        "origin": ORIGIN,
        "originals": [{"bytes": len(BILL), "name": "电费单.pdf", "sha256": digest(BILL)}],
        "rows": 12,
        "rows_sha256": digest(ROWS),
        "software": "test",
        "t_ms": 0,
        "table": "operating-cost",
        "template": 1,
        "v": 1,
    }
    if previous is not None:
        fields["previous"] = digest(previous)
    return canonical.encode({**fields, **changes})  # type: ignore[dict-item]


def withdrawal(number: int, previous: bytes, of: bytes) -> bytes:
    replaces = {"number": 1, "reason": "导错", "sha256": digest(of)}
    return canonical.encode(
        {
            "by": "李四",
            "kind": "withdrawal",
            "number": number,
            "origin": ORIGIN,
            "previous": digest(previous),
            "replaces": replaces,
            "software": "test",
            "t_ms": 0,
            "v": 1,
        }
    )


FIRST = imported(1, None)
FILES = {f"records/files/{digest(data)}": data for data in (TABLE, ROWS, BILL)}
ONE = {"records/000001.json": FIRST, **FILES}


def bundle(extra: Mapping[str, bytes]) -> tuple[Members, LogBuilder]:
    log = LogBuilder()
    log.config(plant([], {"m.energy": [signal("e", "energy")]}))
    log.boot()
    log.block({})
    return log.bundle([], extra=extra), log


def verified(extra: Mapping[str, bytes]) -> VerifiedBundle:
    members, log = bundle(extra)
    return verify_bundle(MemoryBundle(members), log.policy)


def refused(extra: Mapping[str, bytes]) -> tuple[str, str, int]:
    with pytest.raises(Refusal) as caught:
        verified(extra)
    return caught.value.verdict.value, caught.value.kind, caught.value.step


def found(result: VerifiedBundle, code: str) -> list[str]:
    return [f.zh for f in result.findings if f.code == code]


def test_import_is_listed_with_who_and_what_and_as_not_proven():
    (text,) = found(verified(ONE), "imported-record")
    for part in ("第 1 次导入", "operating-cost", "运营成本.xlsx", "张三", "12 行", "凭证 1 份"):
        assert part in text
    assert "属申报或导入，本账本不能证明其内容" in text


def test_listing_stands_in_the_text_and_in_the_json_of_the_verdict():
    result = verified(ONE)
    assert "declared or imported, not proven by this log" in verdict_text(result, "en")
    data = verdict_json(result)
    assert isinstance(data, Mapping)
    assert '"imported-record"' in canonical.encode(data["findings"]).decode()


def test_bundle_without_records_says_nothing_of_them():
    assert not [f for f in verified({}).findings if "import" in f.code]


def test_import_without_files_is_counted_and_withdrawn_ones_are_told():
    second = imported(2, FIRST)
    chain = {
        "records/000001.json": FIRST,
        "records/000002.json": second,
        "records/000003.json": withdrawal(3, second, FIRST),
    }
    (text,) = found(verified(chain), "import-without-files")
    assert "另有 2 次导入只有清单、未附文件，其中 1 次已被替换或撤回" in text


def test_attached_import_that_was_withdrawn_says_so():
    chain = {**ONE, "records/000002.json": withdrawal(2, FIRST, FIRST)}
    (text,) = found(verified(chain), "imported-record")
    assert "已失效" in text


def test_original_that_two_imports_share_makes_neither_incomplete():
    """The first import is replaced; its table is not here, its bill is, because the second one names it too."""
    other = b"other table"
    second = imported(
        2,
        FIRST,
        file={"bytes": len(other), "name": "更正.xlsx", "sha256": digest(other)},
        replaces={"number": 1, "reason": "漏记", "sha256": digest(FIRST)},
    )
    result = verified(
        {
            "records/000001.json": FIRST,
            "records/000002.json": second,
            f"records/files/{digest(other)}": other,
            **{f"records/files/{digest(d)}": d for d in (ROWS, BILL)},
        }
    )
    (text,) = found(result, "imported-record")
    assert "更正.xlsx" in text
    assert found(result, "import-without-files") != []


def test_more_than_twenty_imports_are_counted_not_listed():
    chain, before = dict(FILES), None
    for number in range(1, 24):
        before = imported(number, before)
        chain[f"records/{number:06d}.json"] = before
    texts = found(verified(chain), "imported-record")
    assert len(texts) == 21
    assert texts[-1] == "另有 3 次导入，不逐条列出"


def test_name_that_would_command_a_terminal_is_spelled_out():
    evil = imported(1, None, by="\u202e张三")
    (text,) = found(verified({**ONE, "records/000001.json": evil}), "imported-record")
    assert "\u202e" not in text
    assert "\\u202e" in text


def test_changed_record_file_is_no_longer_what_the_statement_names():
    members, log = bundle(ONE)
    name = f"records/files/{digest(BILL)}"
    changed = with_sums({**members, name: b"another bill"})
    with pytest.raises(Refusal) as caught:
        verify_bundle(MemoryBundle(changed), log.policy)
    assert (caught.value.kind, caught.value.step) == ("subject", 6)


def test_record_file_added_without_the_statement_is_refused():
    members, log = bundle(ONE)
    other = b"added later"
    changed = with_sums({**members, f"records/files/{digest(other)}": other})
    with pytest.raises(Refusal) as caught:
        verify_bundle(MemoryBundle(changed), log.policy)
    assert (caught.value.kind, caught.value.step) == ("record", 6)


def without(name: str) -> Members:
    return {n: d for n, d in ONE.items() if n != name}


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        # signed, but another content than its name says
        ({**ONE, f"records/files/{'0' * 64}": b"x"}, ("INVALID", "record", 6)),
        # signed, but no manifest names it
        ({**ONE, f"records/files/{digest(b'x')}": b"x"}, ("INVALID", "record", 6)),
        ({**ONE, "records/readme.txt": b"x"}, ("INVALID", "record", 6)),
        # half of the files of an import
        (without(f"records/files/{digest(BILL)}"), ("INCOMPLETE", "missing-file", 6)),
        # the chain begins with its second import
        ({"records/000002.json": imported(2, FIRST)}, ("INCOMPLETE", "missing-file", 6)),
        # the second does not name the first
        (
            {"records/000001.json": FIRST, "records/000002.json": imported(2, b"other")},
            ("INVALID", "record", 6),
        ),
        ({"records/000001.json": imported(7, None)}, ("INVALID", "record", 6)),
        ({"records/000001.json": imported(True, None)}, ("INVALID", "record", 6)),
        (
            {"records/000001.json": imported(1, None, origin="ev/91500000TEST000017/ws1")},
            ("INVALID", "record", 6),
        ),
        (
            {
                "records/000001.json": FIRST,
                "records/000002.json": withdrawal(2, FIRST, b"an import that never was"),
            },
            ("INVALID", "record", 6),
        ),
        ({"records/000001.json": b'{"v": 1}'}, ("INVALID", "json", 6)),
        ({"records/000001.json": imported(1, None, file=7)}, ("INVALID", "record", 6)),
        ({"records/000001.json": imported(1, None, originals=7)}, ("INVALID", "record", 6)),
        ({"records/000001.json": imported(1, None, rows_sha256="xyz")}, ("INVALID", "record", 6)),
        ({"records/000001.json": imported(1, None, by=7)}, ("INVALID", "record", 6)),
    ],
)
def test_records_that_contradict_themselves_are_refused(
    extra: Members, expected: tuple[str, str, int]
):
    assert refused(extra) == expected
