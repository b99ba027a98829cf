"""Rates from backgrounds: what a raw score means."""

from lynkeus.calibration.rates import Rate as Rate
from lynkeus.calibration.rates import RateModel as RateModel
