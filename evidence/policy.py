"""Trust policy (C2SP tlog-policy): which log keys and witnesses the relying party trusts, never from the bundle."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from evidence.grammar import parse_origin
from evidence.note import ALG_COSIGNATURE_V1, ALG_ED25519, VerifierKey, parse_vkey
from evidence.refusal import Refusal

MAX_POLICY_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Group:
    """A named k-of-n over witnesses and groups declared before it."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Log keys by origin, witnesses by policy name, groups, and the quorum name ("none" = no witness needed)."""

    logs: Mapping[str, VerifierKey]
    witnesses: Mapping[str, VerifierKey]
    groups: Mapping[str, Group]
    quorum: str

    def log_key(self, origin: str) -> VerifierKey:
        """Return the trusted key of `origin`; raises `Refusal` (kind "log-signature") if there is none."""
        key = self.logs.get(origin)
        if key is None:
            raise Refusal(
                "log-signature",
                f"the policy trusts no key for log {origin}; ask the authority for its policy file",
                f"信任策略中没有日志 {origin} 的公钥；请向主管机构索取策略文件",
            )
        return key

    def check_quorum(self, cosigned_by: Set[str]) -> None:
        """Check that the key names in `cosigned_by` meet the quorum; raises `Refusal` (kind "quorum")."""
        signed = {name for name, key in self.witnesses.items() if key.name in cosigned_by}
        if self.quorum != "none" and not self._holds(self.quorum, signed):
            raise Refusal(
                "quorum",
                f"the quorum {self.quorum!r} is not met: cosigned by {sorted(cosigned_by)}",
                f"未达到策略要求的见证数 {self.quorum!r}：现有副署 {sorted(cosigned_by)}",
            )

    def _holds(self, name: str, signed: Set[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in signed
        return sum(self._holds(member, signed) for member in group.members) >= group.threshold


class _Builder:
    """Collects the lines of a policy; each method takes the words after the first."""

    def __init__(self) -> None:
        self.logs: dict[str, VerifierKey] = {}
        self.witnesses: dict[str, VerifierKey] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None

    def add(self, words: list[str]) -> bool:
        """Take one line; return False if it does not fit the grammar."""
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                return self._log(parse_vkey(vkey))
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                return self._witness(name, parse_vkey(vkey))
            case ["group", name, threshold, *members] if members:
                return self._group(name, threshold, members)
            case ["quorum", name] if self.quorum is None:
                self.quorum = name
                return name == "none" or self._declared(name)
            case _:
                return False

    def _declared(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _log(self, key: VerifierKey) -> bool:
        parse_origin(key.name)
        fresh = key.name not in self.logs
        self.logs[key.name] = key
        return fresh and key.algorithm == ALG_ED25519

    def _witness(self, name: str, key: VerifierKey) -> bool:
        fresh = name != "none" and not self._declared(name) and key not in self.witnesses.values()
        self.witnesses[name] = key
        return fresh and key.algorithm == ALG_COSIGNATURE_V1

    def _group(self, name: str, threshold: str, members: list[str]) -> bool:
        words = {"any": 1, "all": len(members)}
        count = words.get(threshold) or (int(threshold) if threshold.isdecimal() else 0)
        fresh = name != "none" and not self._declared(name)
        known = all(map(self._declared, members)) and len(set(members)) == len(members)
        self.groups[name] = Group(name, count, tuple(members))
        return fresh and known and 1 <= count <= len(members)


def parse_policy(data: bytes) -> Policy:
    """Return the policy that a file states.

    Lines: `log <vkey> [<url>]`, `witness <name> <vkey> [<url>]`, `group <name> <k|any|all> <member>…`,
    `quorum <name|none>` exactly once; `#` starts a comment line. Raises `Refusal` (kind "policy") naming the line.
    """
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise Refusal("policy", "the policy is not UTF-8", "策略文件不是 UTF-8") from error
    if len(data) > MAX_POLICY_BYTES:
        raise Refusal("policy", "the policy is larger than 1 MB", "策略文件超过 1 MB")
    builder = _Builder()
    for number, line in enumerate(lines, 1):
        words = line.strip("\r\t ").split()
        if not words or words[0].startswith("#"):
            continue
        try:
            good = builder.add(words)
        except Refusal as fault:
            raise Refusal("policy", fault.en, fault.zh).within(
                f"policy line {number}", f"策略文件第 {number} 行"
            ) from fault
        if not good:
            raise Refusal(
                "policy",
                f"policy line {number} cannot be used: {line[:120]!r}",
                f"策略文件第 {number} 行无法使用：{line[:120]!r}",
            )
    if builder.quorum is None or not builder.logs:
        raise Refusal(
            "policy",
            "the policy needs a log line and a quorum line",
            "策略文件缺少 log 行或 quorum 行",
        )
    return Policy(builder.logs, builder.witnesses, builder.groups, builder.quorum)
