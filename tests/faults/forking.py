"""Where the processes of these tests come from: one process that has imported what they need."""

from __future__ import annotations

import multiprocessing

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.faults.worker", "tests.faults.service"])
