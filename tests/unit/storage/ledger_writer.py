"""Child of the kill test: seals for ever (archive, entry, at times a checkpoint) and prints what is acknowledged."""

from __future__ import annotations

import sys
from pathlib import Path

from evidence.grammar import parse_origin
from evidence.keys import SeedSigner
from evidence.note import Checkpoint, format_note, log_key, sign_checkpoint
from storage.frame_archive import FrameArchive
from storage.ledger_files import Ledger, open_ledger

ORIGIN = parse_origin("sim/TEST/ws1/1")
SIGNER = SeedSigner(bytes(range(32)))
KEY = log_key(ORIGIN, SIGNER.public_key)


def entry_bytes(number: int) -> bytes:
    return b'{"kind":"test","n":%d,"pad":"%s"}' % (number, b"x" * (number % 300))


def frames_of(slot: int) -> list[bytes]:
    return [
        b"ppframe1"
        + bytes(16)
        + bytes([1, 0])
        + b"a"
        + slot.to_bytes(8, "little") * (1 + slot % 50)
    ] * 3


def note_of(ledger: Ledger) -> bytes:
    checkpoint = Checkpoint(ORIGIN, ledger.size, ledger.root())
    return format_note(checkpoint, [sign_checkpoint(checkpoint, SIGNER)])


def main() -> None:
    folder = Path(sys.argv[1])
    ledger = open_ledger(folder / "ledger", KEY)
    assert isinstance(ledger, Ledger)
    with FrameArchive(folder / "archive") as archive, ledger:
        while True:
            number = ledger.size
            archive.append(number, [bytes(16)] * 3, frames_of(number))
            archive.sync()
            ledger.append(entry_bytes(number))
            sys.stdout.write(f"{number}\n")
            if number % 7 == 6:
                ledger.write_checkpoint(note_of(ledger))
                sys.stdout.write(f"head {ledger.size}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
