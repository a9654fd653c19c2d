"""Mixed models: speed, agreement with peers, calibration, intervals."""
