"""`quarterhour verify`: the merged tables made anew from the raw files, and compared row by row with what stands."""

from quarterhour.verification.verify import Report, verify

__all__ = ["Report", "verify"]
