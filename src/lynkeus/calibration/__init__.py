"""Calibration: a background of clean uploads turns a raw score into a false-alarm rate."""

from lynkeus.calibration.rates import Rate as Rate
from lynkeus.calibration.rates import RateModel as RateModel
