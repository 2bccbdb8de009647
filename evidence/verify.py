"""Verification of a bundle (format-core §9): seven steps in this order; the first fault ends it.

1. file rules, SHA256SUMS
2. trust policy, checkpoint, witness quorum
3. entries = size, leaves, root
4. entry rules, coverage, documents
5. each block root from the records, then strict frames, state, rows, late, simulated mark
6. DSSE signature, statement, root of the log at the statement's size, export entry, subjects, chain of imported records
7. every claim recomputed and compared

Trust never comes from the bundle: the policy is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Final, Protocol

from evidence import bundle as files
from evidence import canonical
from evidence.bundle import Bundle
from evidence.dsse import open_envelope
from evidence.findings import NOT_PROVEN, find
from evidence.merkle import HASH_BYTES, root_of
from evidence.note import VerifierKey
from evidence.policy import Policy
from evidence.recompute.collect import Collector
from evidence.recompute.interface import Outcome, Plan, Registry, decimal_text
from evidence.recompute.registry import ALGORITHMS, make_plan
from evidence.recompute.view import LogView
from evidence.record_files import check_records
from evidence.refusal import Refusal
from evidence.statement import Claim, Statement, parse_statement
from evidence.verified import Scope, VerifiedBundle, VerifiedClaim, VerifiedLog
from evidence.verify_frames import FrameCounts, check_frames
from evidence.verify_log import check_entries, check_files, check_head, check_rules

MAX_WINDOW_SLOTS: Final = 20 * 366 * 1440
"""Longest window that is recomputed, twenty years: a bound on the work a claim can ask for."""


class Watcher(Protocol):
    """Whoever wants to show how far a verification has come."""

    def step(self, number: int) -> None:
        """Learn that step `number` begins."""
        ...

    def blocks(self, done: int, total: int) -> None:
        """Learn how many blocks of step 5 are done."""
        ...


class Silent:
    """Shows nothing."""

    def step(self, number: int) -> None:
        """Do nothing."""

    def blocks(self, done: int, total: int) -> None:
        """Do nothing."""


def verify_bundle(
    bundle: Bundle,
    policy: Policy,
    *,
    registry: Registry = ALGORITHMS,
    watcher: Watcher | None = None,
) -> VerifiedBundle:
    """Check everything that `bundle` states against `policy`.

    Raises `Refusal` with kind, step and verdict (INVALID or INCOMPLETE); returns only if every step passed.
    """
    watch = watcher or Silent()
    with _step(1, watch):
        check_files(bundle)
    with _step(2, watch):
        head, key, cosignatures = check_head(bundle, policy)
    with _step(3, watch):
        leaves = check_entries(bundle, head)
    with _step(4, watch):
        log = VerifiedLog(head, key, cosignatures, leaves, check_rules(bundle, head, key))
    # The claims decide which rows step 5 keeps in memory. What is wrong with them is said in its turn.
    payload, statement, statement_fault = _attempt(lambda: _open_statement(bundle, key))
    plans, plan_fault = _plans(statement, registry)
    collector = Collector(plans)
    with _step(5, watch):
        counts = check_frames(bundle, log.rules, collector, progress=watch.blocks)
    with _step(6, watch):
        if statement is None or payload is None:
            raise statement_fault or Refusal("statement", "no statement", "没有声明")
        _check_statement(bundle, log, payload, statement)
        records = check_records(bundle, statement, head.origin)
    with _step(7, watch):
        if plan_fault is not None:
            raise plan_fault
        view = _view(log, statement.size, collector)
        covered = log.rules.covered(statement.size)
        claims = tuple(
            _check_claim(claim, plan, covered, view, collector=collector, counts=counts)
            for claim, plan in zip(statement.claims, plans, strict=True)
        )
    return VerifiedBundle(
        origin=head.origin,
        size=head.size,
        root=head.root,
        statement_size=statement.size,
        statement_root=statement.root,
        simulated=head.origin.simulated,
        claims=claims,
        findings=tuple(find(bundle, log, statement, counts, records)),
        scope=Scope(
            head.size,
            len(log.rules.blocks),
            sum(counts.seen),
            counts.frames,
            counts.rows,
            counts.withheld,
        ),
        cosignatures=cosignatures,
        not_proven=NOT_PROVEN,
    )


@contextmanager
def _step(number: int, watch: Watcher) -> Iterator[None]:
    """Mark a refusal with the step in which it is raised."""
    watch.step(number)
    try:
        yield
    except Refusal as fault:
        raise fault.at_step(number) from fault.__cause__


def _open_statement(bundle: Bundle, key: VerifierKey) -> tuple[bytes, Statement]:
    payload = open_envelope(files.read_small(bundle, files.STATEMENT), key)
    return payload, parse_statement(payload)


def _attempt(
    work: Callable[[], tuple[bytes, Statement]],
) -> tuple[bytes | None, Statement | None, Refusal | None]:
    try:
        payload, statement = work()
    except Refusal as fault:
        return None, None, fault
    return payload, statement, None


def _plans(statement: Statement | None, registry: Registry) -> tuple[list[Plan], Refusal | None]:
    if statement is None:
        return [], None
    try:
        return [make_plan(claim, registry) for claim in statement.claims], None
    except Refusal as fault:
        return [], fault


def _check_statement(
    bundle: Bundle, log: VerifiedLog, payload: bytes, statement: Statement
) -> None:
    """Step 6 after the signature: origin, simulated, prefix root, export entry, subjects."""
    head = log.checkpoint
    if statement.origin != str(head.origin):
        raise Refusal("statement", "the statement names another log", "声明写的是另一个日志")
    if statement.simulated is not head.origin.simulated:
        raise Refusal(
            "simulated",
            "the statement and the realm of the log contradict each other about simulation",
            "声明的模拟标记与日志名矛盾",
        )
    size = statement.size
    if size > head.size:
        raise Refusal(
            "prefix-root",
            f"the statement speaks about size {size}, the signed head has {head.size}",
            f"声明对应长度 {size}，而检查点只有 {head.size}",
        )
    leaves = [log.leaves[i : i + HASH_BYTES] for i in range(0, HASH_BYTES * size, HASH_BYTES)]
    if root_of(leaves) != statement.root:
        raise Refusal(
            "prefix-root",
            f"the root at size {size} is not the one stated",
            f"长度 {size} 处的根与声明不符",
        )
    digest = sha256(payload).digest()
    if not any(
        export.sha256 == digest and export.size == size and index >= size
        for index, export in log.rules.exports.items()
    ):
        raise Refusal(
            "export",
            "no export entry of the log records this statement",
            "账本中没有记录该声明的导出条目",
        )
    sizes = bundle.sizes()
    for subject in statement.subjects:
        if subject.name not in sizes:
            raise Refusal(
                "missing-file", f"subject {subject.name} is absent", f"缺少声明对象 {subject.name}"
            )
        if files.digest_of(bundle, subject.name) != subject.sha256.hex():
            raise Refusal(
                "subject",
                f"{subject.name} is not the file that the statement names",
                f"{subject.name} 不是声明所指的文件",
            )


def _view(log: VerifiedLog, size: int, collector: Collector) -> LogView:
    rules = log.rules
    count = sum(1 for index in rules.blocks.entry if index < size)
    offs = [run for run in rules.offs if run.entry < size]
    return LogView(rules.blocks, count, offs, rules.documents, collector.columns, collector.names)


def _check_claim(
    claim: Claim,
    plan: Plan,
    covered: tuple[int, int] | None,
    view: LogView,
    *,
    collector: Collector,
    counts: FrameCounts,
) -> VerifiedClaim:
    """Recompute one claim and compare num, den, coverage and detail.

    covered: slots that the log covers at the size of the statement.
    """
    for low, high in plan.ranges:
        if low < 0 or low >= high or covered is None or high > covered[1]:
            raise Refusal(
                "window",
                f"claim {claim.id}: the log of the statement's size does not cover slots [{low}, {high})",
                f"指标 {claim.id}：声明时的账本尚未覆盖时隙 [{low}, {high})",
            )
    if not 0 < claim.last - claim.first <= MAX_WINDOW_SLOTS:
        raise Refusal(
            "window",
            f"claim {claim.id}: window of {claim.last - claim.first} slots",
            f"指标 {claim.id}：窗口长度 {claim.last - claim.first} 个时隙不合法",
        )
    _require_frames(claim, plan, view, collector, counts)
    outcome = plan.compute(view)
    _compare(claim, outcome)
    return VerifiedClaim(claim, outcome.num, outcome.den, outcome.detail)


def _require_frames(
    claim: Claim, plan: Plan, view: LogView, collector: Collector, counts: FrameCounts
) -> None:
    """Refuse a claim whose rows are not all in the bundle: absent is never taken as empty."""
    for low, high in plan.ranges:
        documents = [document for _, _, document in view.configs_between(low, high)]
        required = plan.required(documents)
        if not required:
            continue
        rows = view.block_range(low, high)
        missing = counts.seen.find(0, rows.start, rows.stop)
        if missing >= 0:
            slot = view.blocks.slots[missing]
            raise Refusal(
                "missing-file",
                f"claim {claim.id}: the frames of slot {slot} are not in the bundle",
                f"指标 {claim.id}：证据包中没有时隙 {slot} 的帧",
            )
        for slot, stream in collector.withheld:
            if low <= slot < high and stream in required:
                raise Refusal(
                    "withheld",
                    f"claim {claim.id}: {stream} of slot {slot} is withheld",
                    f"指标 {claim.id}：时隙 {slot} 的 {stream} 未提供",
                )


def _compare(claim: Claim, outcome: Outcome) -> None:
    # canonical bytes, because to Python true equals 1
    if canonical.encode(claim.coverage) != canonical.encode(outcome.coverage):
        raise _differs("coverage", claim, str(claim.coverage), str(outcome.coverage))
    stated = (claim.num, claim.den)
    computed = (decimal_text(outcome.num), decimal_text(outcome.den))
    if stated != computed:
        raise _differs("claim", claim, "/".join(stated), "/".join(computed))
    if (claim.detail is None) is not (outcome.detail is None) or canonical.encode(
        claim.detail or {}
    ) != canonical.encode(outcome.detail or {}):
        raise _differs("detail", claim, *_first_difference(claim.detail, outcome.detail))


def _first_difference(stated: object, computed: object) -> Sequence[str]:
    """Return the innermost pair of values that differ, with the path to it."""
    path = ""
    while True:
        if isinstance(stated, dict) and isinstance(computed, dict):
            key = next(
                (k for k in sorted({*stated, *computed}) if stated.get(k) != computed.get(k)), ""
            )
            path += f".{key}"
            stated, computed = stated.get(key), computed.get(key)
        elif (
            isinstance(stated, list) and isinstance(computed, list) and len(stated) == len(computed)
        ):
            index = next(
                (i for i, (a, b) in enumerate(zip(stated, computed, strict=True)) if a != b), 0
            )
            path += f"[{index}]"
            stated, computed = stated[index], computed[index]
        else:
            return f"{path} = {stated!s:.200}", f"{path} = {computed!s:.200}"


def _differs(kind: str, claim: Claim, stated: str, computed: str) -> Refusal:
    return Refusal(
        kind,
        f"claim {claim.id} states {stated[:300]}, recomputed {computed[:300]}",
        f"指标 {claim.id} 声明为 {stated[:300]}，重算为 {computed[:300]}",
    )
