"""Read YAML the 1.2 way and remember the line and column of every key and value.

Stock YAML 1.1 turns `20:00` into 1200 and `no` into False; here only true/false are booleans, numbers are decimal,
everything else is text. Duplicate keys are faults.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from config.faults import Fault

Path = tuple[str | int, ...]

FULL_WIDTH = {"：": ":", "，": ",", "“": '"', "”": '"', "‘": "'", "’": "'", "＃": "#", "　": " "}


class _Loader(yaml.SafeLoader):
    """YAML 1.2 core schema: see the module docstring."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("tag:yaml.org,2002:int", r"^(?:0|[-+]?[1-9][0-9]*)$", list("-+0123456789")),
    (
        "tag:yaml.org,2002:float",
        r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]+)$",
        list("-+.0123456789"),
    ),
):
    _Loader.add_implicit_resolver(_tag, re.compile(_pattern), _first)


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """A parsed file: plain values, and where each key and value stands (1-based line, column)."""

    name: str
    lines: tuple[str, ...]
    value: Any
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def fault(
        self,
        path: Path,
        en: str,
        zh: str,
        *,
        on_key: bool = False,
        hint: tuple[str, str] = ("", ""),
    ) -> Fault:
        """Return a fault at the key or value of `path`, or at the nearest parent that exists."""
        tables = (self.keys, self.values) if on_key else (self.values, self.keys)
        probe = path
        while probe:
            for table in tables:
                if probe in table:
                    return self.fault_at(*table[probe], en, zh, hint=hint)
            probe = probe[:-1]
        return self.fault_at(1, 1, en, zh, hint=hint)

    def fault_at(
        self, line: int, column: int, en: str, zh: str, hint: tuple[str, str] = ("", "")
    ) -> Fault:
        """Return a fault at a line and column of this file."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return Fault(self.name, line, column, text, en, zh, *hint)


def parse_yaml(data: bytes, name: str) -> tuple[YamlDocument, list[Fault]]:
    """Parse one YAML document.

    Returns the document (value None if it cannot be read at all) and the faults found: wrong encoding, syntax,
    duplicate keys. Never raises for bad input.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data[: exc.start].count(b"\n") + 1
        document = YamlDocument(name, (), None)
        return document, [
            document.fault_at(
                line,
                1,
                f"the file is not UTF-8 (byte 0x{data[exc.start]:02x})",
                f"文件不是 UTF-8 编码（字节 0x{data[exc.start]:02x}）",
                hint=(
                    "save it as UTF-8; Notepad on Chinese Windows often saves GBK",
                    "请在编辑器中另存为 UTF-8；中文 Windows 的记事本常存成 GBK（ANSI）",
                ),
            )
        ]
    lines = tuple(text.splitlines())
    blank = YamlDocument(name, lines, None)
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as exc:
        return blank, [_syntax_fault(blank, exc)]
    except yaml.YAMLError as exc:
        return blank, [
            blank.fault_at(1, 1, f"not readable as YAML: {exc}", f"无法按 YAML 读取：{exc}")
        ]
    finally:
        loader.dispose()
    if root is None:
        return blank, [blank.fault_at(1, 1, "the file is empty", "文件是空的")]
    document = YamlDocument(name, lines, None)
    faults: list[Fault] = []
    value = _construct(root, (), document, faults, loader)
    return YamlDocument(name, lines, value, document.keys, document.values), faults


def _construct(
    node: yaml.Node, path: Path, document: YamlDocument, faults: list[Fault], loader: _Loader
) -> Any:
    document.values[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            here = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if key in result:
                first = document.keys[(*path, key)][0]
                faults.append(
                    document.fault_at(
                        *here,
                        f"duplicate key '{key}' (first in line {first})",
                        f"重复的键 '{key}'（第一次在第 {first} 行）",
                    )
                )
                continue
            document.keys[(*path, key)] = here
            result[key] = _construct(value_node, (*path, key), document, faults, loader)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [
            _construct(item, (*path, i), document, faults, loader)
            for i, item in enumerate(node.value)
        ]
    tag = node.tag
    if tag.endswith(":null"):
        return None
    if tag.endswith(":bool"):
        return node.value.lower() == "true"
    if tag.endswith(":int"):
        return int(node.value)
    # Decimal numbers stay text: models that want exact numbers take it as written, pydantic converts the rest.
    return node.value


def _syntax_fault(document: YamlDocument, exc: yaml.MarkedYAMLError) -> Fault:
    """Name the line that is really wrong: YAML blames the line after a full-width colon."""
    mark = exc.problem_mark or exc.context_mark
    line = min(mark.line + 1, max(1, len(document.lines))) if mark else 1
    for number in range(line, max(0, line - 3), -1):
        text = document.lines[number - 1] if number <= len(document.lines) else ""
        code = re.sub(r"\"[^\"]*\"|'[^']*'|(?:^|\s)#.*$", lambda m: " " * len(m[0]), text)
        for column, character in enumerate(code):
            if character in FULL_WIDTH:
                ascii_form = FULL_WIDTH[character]
                return document.fault_at(
                    number,
                    column + 1,
                    f"full-width character {character} where YAML needs {ascii_form!r}",
                    f"全角字符“{character}”，YAML 需要半角 {ascii_form!r}",
                    hint=("switch the input method to half-width", "请切换到英文半角输入"),
                )
        if (tab := code.find("\t")) >= 0 and not code[:tab].strip():
            return document.fault_at(
                number,
                tab + 1,
                "indented with a tab",
                "用了制表符缩进",
                hint=("use spaces", "请用空格缩进"),
            )
        match = re.match(r"\s*(?:- )?[A-Za-z_][\w-]*:(?=[^\s/])", code)
        if match:
            return document.fault_at(
                number,
                match.end(),
                "a blank is missing after the colon",
                "冒号后面缺少空格",
                hint=("write `key: value`", "请写成 `键: 值`"),
            )
    problem = exc.problem or str(exc)
    column = mark.column + 1 if mark else 1
    return document.fault_at(
        line, column, f"not valid YAML: {problem}", f"YAML 语法错误：{problem}"
    )
