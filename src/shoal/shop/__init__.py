"""The reference shop: invented people with known truth, for the demo, the tests and the benchmarks."""

from shoal.shop.canonical import Written, write_canonical
from shoal.shop.exports import write_exports
from shoal.shop.simulate import Shop, simulate
from shoal.shop.truth import write_truth

__all__ = ["Shop", "Written", "simulate", "write_canonical", "write_exports", "write_truth"]
