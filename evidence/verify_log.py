"""Steps 1 to 4 of format-core §9: file rules and sums, policy and checkpoint, entries, entry rules and documents."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from evidence import bundle as files
from evidence.bundle import Bundle
from evidence.document import ConfigDocument, parse_document
from evidence.entries import Config, parse_entry
from evidence.grammar import HEX64, MAX_ENTRY_BYTES
from evidence.log_rules import LogRules
from evidence.merkle import HASH_BYTES, Tree
from evidence.note import Checkpoint, Cosignature, VerifierKey, parse_note, verify_note
from evidence.policy import Policy
from evidence.refusal import Refusal
from evidence.verified import VerifiedLog

MAX_LOG_ENTRIES: Final = 100_000_000


def check_files(bundle: Bundle) -> None:
    """Step 1: names, required members, and `SHA256SUMS` over every other file."""
    sizes = bundle.sizes()
    files.check_names(list(sizes))
    for name in files.REQUIRED:
        if name not in sizes:
            raise Refusal("missing-file", f"{name} is not in the bundle", f"证据包中没有 {name}")
    stated = _parse_sums(files.read_small(bundle, files.SUMS))
    actual = sizes.keys() - {files.SUMS}
    if stated.keys() != actual:
        odd = sorted(stated.keys() ^ actual)
        raise Refusal(
            "sums",
            f"SHA256SUMS and the files differ in {', '.join(odd)[:300]}",
            f"SHA256SUMS 与文件清单不一致：{', '.join(odd)[:300]}",
        )
    for name, digest in stated.items():
        if files.digest_of(bundle, name) != digest:
            raise Refusal("sums", f"the SHA-256 of {name} differs", f"{name} 的 SHA-256 不符")


def _parse_sums(data: bytes) -> dict[str, str]:
    try:
        lines = data.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise _bad_sums() from error
    if lines.pop() != "":
        raise _bad_sums()
    sums: dict[str, str] = {}
    for line in lines:
        if len(line) < 67 or line[64:66] != "  " or HEX64.fullmatch(line[:64]) is None:
            raise _bad_sums()
        sums[line[66:]] = line[:64]
    if list(sums) != sorted(sums) or len(sums) != len(lines):
        raise _bad_sums()
    return sums


def _bad_sums() -> Refusal:
    return Refusal("sums", "SHA256SUMS is not in its one form", "SHA256SUMS 格式不符")


def check_head(
    bundle: Bundle, policy: Policy
) -> tuple[Checkpoint, VerifierKey, tuple[Cosignature, ...]]:
    """Step 2: the head, signed by the key that the policy names for its origin, and the witness quorum."""
    note = parse_note(files.read_small(bundle, files.CHECKPOINT))
    key = policy.log_key(str(note.checkpoint.origin))
    cosignatures = verify_note(note, key, list(policy.witnesses.values()))
    policy.check_quorum({cosignature.witness for cosignature in cosignatures})
    return note.checkpoint, key, tuple(cosignatures)


def check_entries(bundle: Bundle, head: Checkpoint) -> bytes:
    """Step 3: exactly `size` entries, their leaves, and the root. Return the leaf hashes, 32 bytes each."""
    sizes = bundle.sizes()
    if head.size > MAX_LOG_ENTRIES or sizes[files.LEAVES] != HASH_BYTES * head.size:
        raise Refusal(
            "entries",
            f"leaves.hash has {sizes[files.LEAVES]} bytes for {head.size} entries",
            f"leaves.hash 有 {sizes[files.LEAVES]} 字节，与 {head.size} 个条目不符",
        )
    leaves = b"".join(files.read_chunks(bundle, files.LEAVES))
    tree = Tree()
    append = tree.append
    at = 0
    for line in _lines(bundle):
        leaf = sha256(b"\x00" + line).digest()
        if leaves[at : at + HASH_BYTES] != leaf:
            number = at // HASH_BYTES
            raise Refusal(
                "entries",
                f"entry {number} does not hash to its leaf, or is beyond the signed size {head.size}",
                f"条目 {number} 与其叶哈希不符，或超出已签名的长度 {head.size}",
            )
        append(leaf)
        at += HASH_BYTES
    if tree.size != head.size:
        raise Refusal(
            "entries",
            f"{tree.size} entries, the signed size is {head.size}",
            f"条目数 {tree.size} 与已签名的长度 {head.size} 不符",
        )
    if tree.root() != head.root:
        raise Refusal(
            "root", "the entries do not give the signed root", "条目算出的根与签名的根不符"
        )
    return leaves


def check_rules(bundle: Bundle, head: Checkpoint, key: VerifierKey) -> LogRules:
    """Step 4: every entry parses, the order rules hold, every configuration document is there."""
    documents: dict[bytes, ConfigDocument] = {}

    def load(entry: Config) -> ConfigDocument:
        if entry.sha256 not in documents:
            documents[entry.sha256] = _read_document(bundle, entry)
        return documents[entry.sha256]

    rules = LogRules(head.origin, str(key), load)
    for line in _lines(bundle):
        try:
            rules.accept(parse_entry(line))
        except Refusal as fault:
            number = rules.count
            raise fault.within(f"entry {number}", f"条目 {number}") from fault
    return rules


def _read_document(bundle: Bundle, entry: Config) -> ConfigDocument:
    data = files.read_small(bundle, f"docs/{entry.sha256.hex()}")
    if len(data) != entry.bytes or sha256(data).digest() != entry.sha256:
        raise Refusal(
            "document",
            f"docs/{entry.sha256.hex()} is not the document the entry names",
            f"docs/{entry.sha256.hex()} 不是条目所指的文档",
        )
    return parse_document(data)


def open_log(bundle: Bundle, policy: Policy) -> VerifiedLog:
    """Run steps 1 to 4 without reports in between (for a single frame)."""
    check_files(bundle)
    head, key, cosignatures = check_head(bundle, policy)
    leaves = check_entries(bundle, head)
    return VerifiedLog(head, key, cosignatures, leaves, check_rules(bundle, head, key))


def _lines(bundle: Bundle) -> Iterator[bytes]:
    """Yield the lines of entries.ndjson without LF; a line may not exceed the size of an entry."""
    tail = b""
    for chunk in files.read_chunks(bundle, files.ENTRIES):
        lines = (tail + chunk).split(b"\n")
        tail = lines.pop()
        if len(tail) > MAX_ENTRY_BYTES:
            break
        yield from lines
    if tail:
        raise Refusal(
            "entries", "entries.ndjson does not end with LF", "entries.ndjson 未以换行结尾"
        )
