"""The audit: what data there is, how complete, right and recent it is, and what to mend first.

from shoal.measurement.audit import Facts, as_data, audit
from shoal.measurement.audit.terminal import render
"""

from shoal.measurement.audit.as_data import as_data
from shoal.measurement.audit.model import Audit, DuplicateFigures, Facts, Finding, ImportedFile, SourceAudit
from shoal.measurement.audit.run import audit

__all__ = ["Audit", "DuplicateFigures", "Facts", "Finding", "ImportedFile", "SourceAudit", "as_data", "audit"]
