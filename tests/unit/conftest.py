"""What all unit tests share. Standing here, it also lets them import the modules beside it (stage_context)."""
