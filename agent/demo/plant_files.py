"""The demo's plant files: one for the live run with the real ports, one for the history with the trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from config.yaml_document import parse_yaml
from simulators.demo_plant import REGISTRY
from simulators.plan import Plan


@dataclass(frozen=True, slots=True)
class DemoPorts:
    """Where the simulators listen, by device id."""

    ports: Mapping[str, int]
    control: int

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables of `config/samples/demo.yaml`."""
        return {
            f"{device.upper().replace('-', '_')}_PORT": str(port)
            for device, port in self.ports.items()
        }


def sample_plant() -> dict[str, Any]:
    """Return the shipped demo plant as plain values."""
    data = (resources.files("config") / "samples" / "demo.yaml").read_bytes()
    document, faults = parse_yaml(data, "demo.yaml")
    if faults:
        raise ValueError(faults[0].en)
    plant: dict[str, Any] = document.value
    return plant


def write_live(folder: Path, plan: Plan, influx: Mapping[str, str]) -> Path:
    """Write `site.yaml` for the live run; the ports stay variables, filled when it is loaded."""
    plant = sample_plant()
    _retire(plant, plan)
    plant["storage"] = {"folder": "data", **({"influx": dict(influx)} if influx else {})}
    return _write(folder / "site.yaml", plant)


def write_history(folder: Path, plan: Plan, trace: Path) -> Path:
    """Write `site.yaml` for the history: the same plant, its devices read from the trace, workshop `ws1-history`."""
    plant = sample_plant()
    _retire(plant, plan)
    plant["site"]["workshop"] = "ws1-history"
    plant["calendar"]["stops"] = [
        {
            "asset": stop.asset,
            "start": _iso(stop.from_ms),
            "end": _iso(stop.to_ms),
            "kind": stop.kind,
        }
        for stop in plan.stops
    ]
    for device in plant["devices"]:
        if "connection" in device:
            device["connection"] = {"protocol": "file", "folder": str(trace)}
    plant["storage"] = {"folder": "data"}
    return _write(folder / "site.yaml", plant)


def _retire(plant: dict[str, Any], plan: Plan) -> None:
    """Take the machines that the retrofit replaces out of service between the two periods."""
    end = _iso(plan.before.span[1])
    retired = {spec.id for spec in REGISTRY if spec.retired}
    for device in plant["devices"]:
        if device["id"] in retired:
            device["in_service_to"] = end


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


def _write(path: Path, plant: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    head = "# 由 plantproof demo 写出；全部为模拟数据 / written by plantproof demo; all data are simulated\n"
    path.write_text(
        head + yaml.safe_dump(plant, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    return path
