"""`python -m quell_lab`."""

from __future__ import annotations

from quell_lab.run import main

raise SystemExit(main())
