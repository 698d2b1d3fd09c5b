"""What would have to happen for an answer to be another: counterfactual explanations (arXiv:1711.00399).

`ways` is what a kind says of itself; `on_events` and `on_statements` are ways that several kinds have in common, with
facts made up by `examples`. `by_time` is what happens when nothing does. `flip` tries the ways of one condition,
`least` those of a whole definition, with the sets of conditions of `minimal_sets`; `over_time` what has to come
together at several instants, `reasons` why there is nothing. `population` is the list meanwhile.
"""
