"""What every JSON body that is sent to us has in common."""

from pydantic import BaseModel, ConfigDict


class AskedIn(BaseModel):
    """No member is unknown, none is turned into another type, and none is repeated in a problem."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)
