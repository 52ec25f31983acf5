"""`python -m quell.lab`."""

from __future__ import annotations

from quell.lab.run import main

raise SystemExit(main())
