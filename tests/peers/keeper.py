"""Waits for a process to end, then runs a command and removes a folder.

    python keeper.py PROCESS_ID FOLDER COMMAND...

Stops a server that several test processes share, however the run ends: the kernel tells the keeper, nobody
has to clean up.
"""

import os
import select
import shutil
import subprocess
import sys


def main(process_id: int, folder: str, command: list[str]) -> None:
    try:
        watched = os.pidfd_open(process_id)
        select.select([watched], [], [])  # readable once the process has ended
    except ProcessLookupError:
        pass  # it ended first
    subprocess.call(command)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
