"""The files that the shop's tools would export: one module a tool."""

from __future__ import annotations

from pathlib import Path

from shoal.shop.exports import email_platform, people_tools, segment_wire, shopify
from shoal.shop.names import names
from shoal.shop.simulate import Shop


def write_exports(shop: Shop, folder: Path) -> list[Path]:
    """Write all export files of the shop into a folder, which is made where it is missing; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = names(shop.people)
    return [
        email_platform.write_events(shop, texts, folder),
        email_platform.write_profiles(shop, texts, folder),
        shopify.write_orders(shop, texts, folder),
        segment_wire.write_web(shop, texts, folder),
        segment_wire.write_touches(shop, texts, folder),
        people_tools.write_contacts(shop, texts, folder),
        people_tools.write_tickets(shop, texts, folder),
        people_tools.write_answers(shop, texts, folder),
    ]
