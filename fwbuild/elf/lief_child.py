# SPDX-License-Identifier: Apache-2.0
"""Reads an ELF file with LIEF and prints what it found as JSON.

Run as a child process, for LIEF is native code and the file may be anything.
"""

import json
import sys

import lief


def main() -> None:
    """Read the file named on the command line."""
    lief.logging.disable()
    # Keep the binary referenced: iterating over a temporary's notes crashes LIEF.
    binary = lief.ELF.parse(sys.argv[1])
    if binary is None:
        sys.exit("LIEF cannot read it")
    found = {
        "class": str(binary.header.identity_class).rpartition(".")[2],
        "machine": str(binary.header.machine_type).rpartition(".")[2],
        "entry": binary.header.entrypoint,
        "segments": [
            {
                "type": str(segment.type).rpartition(".")[2],
                "address": segment.physical_address,
                "size": segment.physical_size,
                "memory-size": segment.virtual_size,
                "sections": [section.name for section in segment.sections],
            }
            for segment in binary.segments
        ],
        "notes": [
            {"owner": note.name.rstrip("\0"), "type": note.original_type, "descriptor": bytes(note.description).hex()}
            for note in binary.notes
        ],
        "symbols": len(list(binary.symbols)),
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
