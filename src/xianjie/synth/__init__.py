"""An invented county: households over years, shocks, departments' files with their dirt, and the truth beside them."""

from xianjie.synth.county import synthesise

__all__ = ["synthesise"]
