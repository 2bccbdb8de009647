"""Client, source and fake device share one event loop: its clock waits for all of them."""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.patient_loop import PatientLoop, patient_factories


def pytest_asyncio_loop_factories() -> Mapping[str, type[PatientLoop]]:
    """Run every asynchronous test of this folder on the patient loop."""
    return patient_factories()
