"""Quality metrics: pure functions of arrays."""

from lynkeus.metrics.ranking import OperatingPoint as OperatingPoint
from lynkeus.metrics.ranking import micro_average_precision as micro_average_precision
from lynkeus.metrics.ranking import recall_at_precision as recall_at_precision
from lynkeus.metrics.ranking import worst_first as worst_first
