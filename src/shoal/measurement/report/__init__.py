"""The report: one HTML page that a person would forward.

from shoal.measurement.report import SegmentSummary, overview, page

html = page(overview(duck, now), audit(duck, now, facts), segments, overlaps)
"""

from shoal.measurement.reach import Reach
from shoal.measurement.report.model import Overlap, Overview, SegmentSummary, Step
from shoal.measurement.report.overview import overview
from shoal.measurement.report.page import audit_page, page

__all__ = ["Overlap", "Overview", "Reach", "SegmentSummary", "Step", "audit_page", "overview", "page"]
