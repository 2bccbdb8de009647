"""`plantproof-verify`: check a bundle offline against a trust policy that comes from elsewhere.

Exit codes: 0 every check passed, 1 INVALID or INCOMPLETE, 2 usage, 130 interrupted.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from evidence.bundle import Bundle
from evidence.bundle_files import open_bundle
from evidence.canonical import Json
from evidence.policy import Policy, parse_policy
from evidence.refusal import Refusal
from evidence.render import (
    STEP_NAMES,
    Language,
    frame_csv,
    refusal_json,
    refusal_text,
    say,
    verdict_json,
    verdict_text,
)
from evidence.verify import verify_bundle
from evidence.verify_frames import read_frame
from evidence.verify_log import open_log

PASSED, REFUSED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    options = _parser().parse_args(arguments)
    gc.disable()  # one short run over millions of rows without cycles: collecting would only walk them again
    language: Language = options.lang
    try:
        policy = parse_policy(Path(options.trust).read_bytes())
    except OSError as error:
        return _usage(options.trust, error.strerror or str(error), language)
    except Refusal as fault:
        return _usage(options.trust, fault.text(language), language)
    try:
        with open_bundle(Path(options.bundle)) as bundle:
            if options.dump:
                return _dump(bundle, policy, options.dump, language)
            return _verify(bundle, policy, options)
    except Refusal as fault:
        _report_refusal(fault.at_step(1), options)
        return REFUSED
    except OSError as error:
        return _usage(options.bundle, error.strerror or str(error), language)
    except KeyboardInterrupt:
        print(say("interrupted", "已中断", language), file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="plantproof-verify",
        description="离线验证证据包；信任策略须来自主管机构，绝不取自证据包。"
        " Verify an evidence bundle offline; trust comes from the authority, never from the bundle.",
        epilog="0 = 通过 passed, 1 = INVALID / INCOMPLETE, 2 = 用法 usage, 130 = 中断 interrupted",
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="zip 文件或文件夹 zip file or folder")
    parser.add_argument(
        "--trust",
        required=True,
        metavar="POLICY",
        help="信任策略文件 trust policy (C2SP tlog-policy)",
    )
    parser.add_argument("--json", action="store_true", help="输出 JSON print JSON")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh", help="输出语言 language")
    parser.add_argument("--quiet", action="store_true", help="只给退出码 exit code only")
    parser.add_argument(
        "--dump",
        nargs=2,
        metavar=("STREAM", "SLOT"),
        help="核对后以 CSV 输出一帧 print one verified frame as CSV",
    )
    return parser


class _Progress:
    """Shows the running step on a terminal and measures each."""

    def __init__(self, out: TextIO | None, language: Language) -> None:
        self._out = out
        self._language = language
        self._step = 0
        self._began = time.perf_counter()
        self.seconds: dict[int, float] = {}

    def step(self, number: int) -> None:
        """Close the step before and begin the next."""
        now = time.perf_counter()
        if self._step:
            self.seconds[self._step] = now - self._began
        self._step, self._began = number, now
        if number:
            self._show(f"{number}/7 {say(*STEP_NAMES[number], self._language)}")

    def blocks(self, done: int, total: int) -> None:
        """Show how many blocks are done."""
        self._show(f"5/7 {say(*STEP_NAMES[5], self._language)} {done:,}/{total:,}")

    def close(self) -> None:
        """Close the last step and clear the line."""
        self.step(0)
        if self._out is not None:
            self._out.write("\r\x1b[K")
            self._out.flush()

    def _show(self, text: str) -> None:
        if self._out is not None:
            self._out.write(f"\r\x1b[K{text}")
            self._out.flush()


def _verify(bundle: Bundle, policy: Policy, options: argparse.Namespace) -> int:
    out = sys.stderr if sys.stderr.isatty() and not options.quiet else None
    progress = _Progress(out, options.lang)
    try:
        verified = verify_bundle(bundle, policy, watcher=progress)
    finally:
        progress.close()
    if options.json:
        _print_json(verdict_json(verified))
    elif not options.quiet:
        sys.stdout.write(verdict_text(verified, options.lang, progress.seconds))
    return PASSED


def _report_refusal(fault: Refusal, options: argparse.Namespace) -> None:
    if options.json:
        _print_json(refusal_json(fault))
    elif not options.quiet:
        sys.stdout.write(refusal_text(fault, options.lang))


def _print_json(value: Json) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True))


def _dump(bundle: Bundle, policy: Policy, wanted: Sequence[str], language: Language) -> int:
    stream, slot = wanted
    if not slot.isdecimal() or not slot.isascii() or len(slot) > 15:
        return _usage(slot, say("not a slot number", "不是时隙编号", language), language)
    log = open_log(bundle, policy)
    document, columns = read_frame(bundle, log.rules, stream, int(slot))
    sys.stdout.write(frame_csv(document, stream, columns))
    return PASSED


def _usage(what: str, why: str, language: Language) -> int:
    print(f"{say('cannot use', '无法使用', language)} {what}: {why}", file=sys.stderr)
    return USAGE


if __name__ == "__main__":
    sys.exit(main())
