"""What would have to happen for an answer to be another: counterfactual explanations (arXiv:1711.00399).

`ways` is what a kind says of itself; `on_events` and `on_statements` are ways that several kinds have in common, with
facts made up by `examples`. `by_time` is what happens when nothing does. `flip` tries the ways of one condition,
`least` those of a whole definition, with the sets of conditions of `minimal_sets`. `population` is the list meanwhile.
"""
