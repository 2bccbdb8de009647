"""The main job as a visitor runs it: `plantproof demo` without a terminal, from sockets to a verified bundle."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.plant_run import ROOT, plantproof


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_demo_ends_with_four_lines_a_verified_bundle_and_the_truth(tmp_path: Path) -> None:
    done = plantproof("demo", cwd=tmp_path, seconds=880)
    assert done.code == 0, done.err[-3000:]
    lines = done.out.strip().splitlines()
    assert [line[:4] for line in lines[-4:]] == ["1 看板", "2 报告", "3 证据", "4 验证"]
    assert lines[0].startswith("看板已就绪（全部为模拟数据）：http://127.0.0.1:")
    # Each line names a path that is there, relative to where the command ran.
    pdf = tmp_path / re.findall(r"\S+\.pdf", lines[-3])[0]
    bundle = tmp_path / re.findall(r"\S+\.zip", lines[-2])[0]
    policy = tmp_path / re.findall(r"--trust (\S+)", lines[-1])[0]
    assert pdf.read_bytes().startswith(b"%PDF-1.7")
    assert "通过" in lines[-1]
    # A progress line all the while, on the other stream.
    assert "逐分钟封存" in done.err
    # The chain equals the truth of the scenario to the last integer, figure by figure.
    table = (tmp_path / "demo-data" / "history" / "truth-comparison.txt").read_text("utf-8")
    counts = re.findall(r"^(\d+) of (\d+) figures equal", table, re.MULTILINE)
    assert counts
    equal, total = map(int, counts[0])
    assert total > 100
    assert equal == total, [row for row in table.splitlines() if " NO " in row]
    if (pdftotext := shutil.which("pdftotext")) is not None:
        text = subprocess.run(
            [pdftotext, str(pdf), "-"], capture_output=True, check=True, text=True
        ).stdout
        pages = text.rstrip("\f").split("\f")
        assert all("SIMULATED" in page for page in pages)
    # One changed byte in one frame, checksum line mended: refused.
    forged = tmp_path / "forged.zip"
    _change_one_byte(bundle, forged)
    verdict = subprocess.run(
        [
            sys.executable,
            "-P",
            "-m",
            "evidence.cli",
            str(forged),
            "--trust",
            str(policy),
            "--lang",
            "en",
        ],
        capture_output=True,
        check=False,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )
    assert verdict.returncode == 1
    assert "INVALID" in verdict.stdout + verdict.stderr


def _change_one_byte(source: Path, target: Path) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        names = old.namelist()
        victim = next(n for n in names if n.startswith("frames/"))
        sums = old.read("SHA256SUMS").decode("ascii")
        for name in names:
            data = old.read(name)
            if name == victim:
                changed = bytearray(data)
                changed[200] ^= 1
                sums = sums.replace(
                    hashlib.sha256(data).hexdigest(), hashlib.sha256(bytes(changed)).hexdigest()
                )
                data = bytes(changed)
            if name != "SHA256SUMS":
                new.writestr(name, data)
        new.writestr("SHA256SUMS", sums)
