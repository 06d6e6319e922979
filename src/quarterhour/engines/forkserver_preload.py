"""Imported once, by the forkserver alone: what every worker would import, and what keeps the forkserver apart.

A forked worker starts in milliseconds, since these modules are in memory already.
"""

import gc

import deltalake  # noqa: F401  # pyright: ignore[reportUnusedImport]
import duckdb  # noqa: F401  # pyright: ignore[reportUnusedImport]

import quarterhour.engines.child  # pyright: ignore[reportUnusedImport]
import quarterhour.stages.registry  # noqa: F401  # pyright: ignore[reportUnusedImport]
from quarterhour.processes import lead_group

# A Ctrl-C or a signal to the server's group is the server's to answer: it ends the workers in order.
lead_group()
# Workers share these objects' pages as long as no collector walks over them.
gc.collect()
gc.freeze()
