"""Fetch the vendored browser files with npm, check them, and write VENDORED.toml and the licences.

`python scripts/vendor.py` refreshes agent/web/static/vendor/ and THIRD_PARTY_LICENSES/.
`python scripts/vendor.py --dev` puts axe-core (tests only, never committed) into build/dev/.
Nothing else in the project uses npm for the board; nothing is fetched when installing or running.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "agent" / "web" / "static" / "vendor"
LICENCES = ROOT / "THIRD_PARTY_LICENSES"
DEV = ROOT / "build" / "dev"


@dataclass(frozen=True)
class Package:
    """One npm package, pinned by the hash of the file taken from it."""

    name: str
    version: str
    spdx: str
    member: str = ""
    target: str = ""
    sha256: str = ""
    licences: tuple[tuple[str, str], ...] = ()


ECHARTS = Package(
    "echarts",
    "6.1.0",
    "Apache-2.0",
    "dist/echarts.min.js",
    "echarts-6.1.0.min.js",
    "b66b25aeb4df84e33199dc21694014d336d222cbd9deb0e5a7c14bd6aa0d0fd0",
    (
        ("LICENSE", "echarts-LICENSE.txt"),
        ("NOTICE", "echarts-NOTICE.txt"),
        ("licenses/LICENSE-d3", "echarts-LICENSE-d3.txt"),
    ),
)
ZRENDER = Package(
    "zrender", "6.1.0", "BSD-3-Clause", licences=(("LICENSE", "zrender-LICENSE.txt"),)
)
TSLIB = Package("tslib", "2.3.0", "0BSD", licences=(("LICENSE.txt", "tslib-LICENSE.txt"),))
AXE = Package(
    "axe-core",
    "4.14.1",
    "MPL-2.0",
    "axe.min.js",
    "axe-core-4.14.1.min.js",
    "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c",
)


def unpack(package: Package, folder: Path) -> Path:
    """Return the folder of the unpacked npm package; npm itself checks the integrity of the tarball."""
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit(
            "vendor: npm is not installed; the committed files are complete without it"
        )
    subprocess.run(
        [
            npm,
            "pack",
            "--silent",
            f"{package.name}@{package.version}",
            "--pack-destination",
            str(folder),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    target = folder / package.name
    # Python 3.11.2 of Debian 12 has no extraction filter to name; npm has checked the hash of the tarball.
    shutil.unpack_archive(folder / f"{package.name}-{package.version}.tgz", target)
    return target / "package"


def take(package: Package, source: Path, target: Path) -> None:
    """Copy the pinned file; exits when its hash is not the pinned one."""
    data = (source / package.member).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != package.sha256:
        raise SystemExit(
            f"vendor: {package.name} {package.member} has sha256 {digest}, want {package.sha256}"
        )
    target.mkdir(parents=True, exist_ok=True)
    (target / package.target).write_bytes(data)


def manifest() -> str:
    """Return the text of VENDORED.toml."""
    size = (VENDOR / ECHARTS.target).stat().st_size
    return f"""# Files of others that are served as they were published. scripts/vendor.py writes this file.

[[file]]
name = "{ECHARTS.name}"
version = "{ECHARTS.version}"
path = "{ECHARTS.target}"
from = "{ECHARTS.member}"
bytes = {size}
sha256 = "{ECHARTS.sha256}"
license = "{ECHARTS.spdx}"
contains = [
  "{ZRENDER.name} {ZRENDER.version} ({ZRENDER.spdx})",
  "{TSLIB.name} {TSLIB.version} ({TSLIB.spdx})",
  "d3 parts (BSD-3-Clause)",
]
"""


def main() -> int:
    """Fetch, check, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--dev", action="store_true", help="fetch axe-core for the browser tests instead"
    )
    dev = parser.parse_args().dev
    with tempfile.TemporaryDirectory(prefix="plantproof-vendor-") as name:
        folder = Path(name)
        if dev:
            take(AXE, unpack(AXE, folder), DEV)
            print(DEV / AXE.target)
            return 0
        LICENCES.mkdir(exist_ok=True)
        for package in (ECHARTS, ZRENDER, TSLIB):
            source = unpack(package, folder)
            if package.member:
                take(package, source, VENDOR)
            for member, target in package.licences:
                (LICENCES / target).write_bytes((source / member).read_bytes())
        (VENDOR / "VENDORED.toml").write_text(manifest(), encoding="utf-8")
    print(VENDOR)
    return 0


if __name__ == "__main__":
    sys.exit(main())
