"""Shopify's tables that are recognised and not stored: things, and details that a parent tells."""

from __future__ import annotations

from typing import Final

from shoal.ingest.sources.warehouse.tables import REFERENCE, detail_of

SKIPPED: Final = {
    REFERENCE: {
        "collection": "id handle sort_order title",
        "collection_product": "collection_id product_id",
        "collection_rule": "collection_id condition relation",
        "discount_code_app": "id codes_count_count codes_count_precision usage_limit",
        "discount_code_basic": "id codes_count recurring_cycle_limit usage_limit",
        "discount_code_bxgy": "id codes_count codes_precision usage_limit",
        "discount_code_free_shipping": "id codes_count recurring_cycle_limit applies_once_per_customer usage_limit",
        "discount_redeem_code": "id discount_id discount_type created_by_id code",
        "inventory_item": "id country_code_of_origin harmonized_system_code tracked sku",
        "inventory_level": "id inventory_item_id location_id can_deactivate",
        "inventory_quantity": "id inventory_item_id inventory_level_id quantity",
        "location": "id address_1 city country_code province_code phone",
        "media": "id status created_at updated_at",
        "media_image": "media_id image_id image_url",
        "metafield": "id key namespace owner_id owner_resource value_type",
        "product": "id handle product_type published_at vendor",
        "product_media": "product_id media_id",
        "product_tag": "product_id index value",
        "product_variant": "id product_id inventory_policy sellable_online_quantity compare_at_price",
        "product_variant_media": "product_variant_id media_id",
        "shop": "id myshopify_domain plan_display_name iana_timezone",
    },
    detail_of("abandoned_checkout"): {
        "abandoned_checkout_discount_code": "checkout_id index code",
        "abandoned_checkout_shipping_line": "checkout_id index carrier_identifier delivery_category",
    },
    detail_of("order"): {
        "discount_allocation": "order_line_id discount_application_index index",
        "discount_application": "order_id allocation_method target_selection target_type",
        "fulfillment_event": "id fulfillment_id happened_at estimated_delivery_at",
        "fulfillment_order_line_item": "fulfillment_order_id order_line_item_id remaining_quantity",
        "fulfillment_tracking_info": "fulfillment_id index number company",
        "order_adjustment": "id refund_id reason",
        "order_discount_code": "order_id index code",
        "order_line_refund": "id order_line_id refund_id restock_type",
        "order_note_attribute": "order_id name value",
        "order_shipping_line": "id order_id carrier_identifier delivery_category",
        "order_shipping_tax_line": "order_shipping_line_id index rate",
        "order_tag": "order_id index value",
        "order_url_tag": "order_id key value",
        "tax_line": "order_line_id index rate title",
        "tender_transaction": "id order_id remote_reference payment_method",
        "transaction": "id order_id gateway payment_avs_result_code kind",
    },
}
"""{reason: {table: characteristic columns}}, for `tables.sources`."""
