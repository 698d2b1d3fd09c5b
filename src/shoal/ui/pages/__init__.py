"""All pages, one file each. A page is added by its file and its line here, in the order of the navigation."""

from __future__ import annotations

from shoal.ui.pages import overview as overview
from shoal.ui.pages import segments as segments

ALL = (overview, segments)
