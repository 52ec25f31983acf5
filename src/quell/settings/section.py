"""What every table of the settings is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of settings: it cannot be changed, and knows no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)
