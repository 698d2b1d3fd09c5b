"""Where people stand on consent, by channel and purpose."""

from __future__ import annotations

from shoal.measurement.audit.evidence import Evidence
from shoal.measurement.audit.model import ConsentShare


def consent_shares(evidence: Evidence, identified: int) -> tuple[ConsentShare, ...]:
    """Identified people by their present consent, for each channel and purpose that anyone spoke of."""
    return tuple(
        ConsentShare(channel, purpose, granted, denied, pending, max(0, identified - granted - denied - pending))
        for channel, purpose, granted, denied, pending in evidence.rows(
            """SELECT channel, purpose, count(*) FILTER (state = 'granted'), count(*) FILTER (state = 'denied'),
                      count(*) FILTER (state = 'pending')
               FROM audit_consent_now JOIN subscribers USING (subscriber) WHERE identified
               GROUP BY ALL ORDER BY count(*) DESC, channel, purpose"""
        )
    )
