"""The least change of a whole definition: performed, it turns the oracle's answer, and nothing smaller does."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import cases
from hypothesis import event, given, settings

from shoal.core.time import Instant, parse_instant
from shoal.segments import parse
from shoal.segments.counterfactual.by_time import Answers
from shoal.segments.counterfactual.facts import NOTHING, together
from shoal.segments.counterfactual.flip import Flip
from shoal.segments.counterfactual.least import AT_ONCE, leaf_flips, least_change
from shoal.segments.counterfactual.minimal_sets import smallest_sets
from shoal.segments.counterfactual.over_time import facts_of
from shoal.segments.counterfactual.population import Changed
from shoal.segments.explain import explain
from shoal.segments.history import ConsentStatement, Event, History, TraitStatement
from shoal.segments.kinds.groups import All, Either, Neither, Not
from shoal.segments.nodes import Person, walk
from shoal.segments.oracle import People, is_member

NOW = parse_instant("2026-03-29T12:00:00Z")
DAY = 86_400_000


def answer(node, history, others, at, segments, facts=NOTHING):
    """The oracle's answer at an instant, had these facts been told besides what was known; others as they are now."""
    told = facts.added_to(history)
    everyone = Changed(People([history, *others]), history, told, cases.NOW)
    return is_member(node, told, at, segments, everyone)


def fewer(steps):
    """The facts of all steps but one, and with one event less of one."""
    for place, step in enumerate(steps):
        yield facts_of((*steps[:place], *steps[place + 1 :]))
        if step.number is not None and step.number > 1:
            yield facts_of((*steps[:place], replace(step, number=step.number - 1), *steps[place + 1 :]))


@settings(max_examples=200, deadline=None)
@given(cases.histories(2), cases.definitions(deep=4), cases.segment_sets())
def test_what_is_said_to_turn_a_definition_turns_it(people, node, segments):
    known, other = people[0].until(cases.NOW), people[1]
    found = explain(node, known, cases.NOW, segments, People([known, other]))
    least = found.least
    event("none" if least is None else "untried" if not least.tried else f"{len(least.turns)} turns")
    if least is None or not least.tried:
        return
    if not least.turns and not least.as_today:  # of a list that moves on, an explanation names no instant
        assert least.at == (found.parts[0] if found.value and found.parts else found).changes_at
    assert answer(node, known, [other], least.at, segments, least.facts) != found.holds
    if least.steps:
        for spare in fewer(least.steps):
            assert answer(node, known, [other], least.at, segments, spare) == found.holds
    elif least.turns and not least.waits:
        for left_out in least.turns if len(least.turns) > 1 else ():
            flips = [one.flip for one in least.turns if one is not left_out]
            facts, at = together(flip.facts for flip in flips), max(flip.at for flip in flips)
            assert answer(node, known, [other], at, segments, facts) == found.holds


@settings(max_examples=100, deadline=None)
@given(cases.histories(1), cases.conditions((), deep=5))
def test_no_smaller_set_of_conditions_turns_it(people, node):
    (known,) = people
    person = Person.of(known, cases.NOW, {}, People(people))
    flips = leaf_flips(node, Answers(person))
    found = least_change(node, Answers(person), flips)
    at_once = {
        sentence: flip
        for sentence, flip in flips.items()
        if flip.facts is not None and flip.at is not None and flip.at <= cases.NOW + AT_ONCE
    }
    if found is None or not found.turns or found.waits or found.at > cases.NOW + AT_ONCE:
        fewest = len(at_once) + 1
    else:
        fewest = len(found.turns)
    history = person.history
    for size in range(1, min(fewest, 4)):
        for chosen in combinations(at_once.values(), size):
            facts, at = together(flip.facts for flip in chosen), max(flip.at for flip in chosen)
            changed = Person.of(facts.added_to(history), at, {}, People([facts.added_to(history)]))
            assert node.holds(changed) == node.holds(person)


@settings(max_examples=200, deadline=None)
@given(cases.histories(1), cases.conditions((), deep=5))
def test_the_sets_are_those_of_brute_force(people, node):
    """Over all ways to turn some conditions and keep the others, groups alone."""
    person = Person.of(people[0], cases.NOW, {}, People(people))
    leaves = {leaf.english(): leaf.holds(person) for _, leaf in walk(node) if not leaf.children()}
    flips = {sentence: Flip("", cases.NOW) for sentence in leaves}
    turning = {
        frozenset(sentence for sentence, turns in zip(leaves, turned, strict=True) if turns)
        for turned in product((False, True), repeat=len(leaves))
        if truth(node, {one: leaves[one] != turns for one, turns in zip(leaves, turned, strict=True)})
        != node.holds(person)
    }
    least = min(map(len, turning), default=None)
    found = smallest_sets(node, person, flips)
    assert (len(found[0]) if found else None) == least
    assert set(found) <= turning


def truth(node, known):
    """Whether a tree holds, from the truth of its conditions."""
    parts = [truth(part, known) for _, part in node.children()]
    match node:
        case All():
            return all(parts)
        case Either():
            return any(parts)
        case Neither():
            return not any(parts)
        case Not():
            return not parts[0]
    return parts[0] if parts else known[node.english()]


def opened(*days_ago: float, **more) -> History:
    """A subscriber with an open so many days ago."""
    instants = [Instant(int(NOW - days * DAY)) for days in days_ago]
    return History(events=tuple(Event(place, "Email Opened", at) for place, at in enumerate(instants)), **more)


def least(sentence: str, history: History):
    return explain(parse(sentence), history, NOW).least


def test_what_turns_one_condition_may_turn_another():
    found = least("opens at least 3 times and opens at least 2 times", opened(1))
    assert found.words() == '2 more "Email Opened"'
    assert [turn.places for turn in found.turns] == [("all[0]",)]


def test_the_fewest_conditions_not_the_first():
    found = least('(opens and plan is "paid" and country is "DE") or (plan is "trial" and visits)', opened(1))
    assert found.words() in ('plan is "paid" (now not set), and country is "DE" (now not set)',)


def test_time_alone_is_the_least_where_nothing_that_can_be_told_does_it():
    found = least("not opens in the last 7 days", opened(6, 3))
    assert (found.words(), found.at) == ("time alone on 2 April 2026, 12:00 UTC", NOW + 4 * DAY)


def test_time_does_a_part_and_facts_do_the_rest():
    found = least('not opens in the last 7 days and plan is "paid"', opened(3))
    assert found.words() == 'no more "Email Opened" until 2 April 2026, 12:00 UTC, and plan is "paid" (now not set)'


def test_a_condition_that_is_said_twice_turns_once():
    found = least("(opens and visits) or (opens and orders)", opened())
    assert found.words() == '1 more "Email Opened", and 1 more "Page Viewed"'
    assert found.turns[0].places == ("any[0].all[0]", "any[1].all[0]")


def test_what_nothing_turns_has_no_least_change():
    assert least("opens until 2026-01-01", opened()) is None


def test_a_visitor_has_to_be_identified_first():
    known = least("opens", opened(1, identified=False))
    assert known.words() == "an address, a phone number or a user id of theirs"
    assert known.turns[0].sentence == "identified, or including anonymous"
    more = least("opens and visits", opened(1, identified=False))
    assert more.words() == 'an address, a phone number or a user id of theirs, and 1 more "Page Viewed"'
    assert not is_member(parse("opens"), opened(1, identified=False), NOW)
    assert is_member(parse("opens"), known.facts.added_to(opened(1, identified=False)), NOW)


def test_as_of_the_past_only_what_was_known_then_counts():
    history = History(
        events=(Event(1, "Email Opened", NOW),),
        traits=(TraitStatement("plan", "paid", NOW, NOW, 2),),
        consents=(ConsentStatement("email", "marketing", "granted", NOW, NOW, 3, "crm"),),
    )
    node = parse('opens and plan is "paid"')
    before = explain(node, history, Instant(NOW - DAY)).least
    assert before.words() == '1 more "Email Opened", and plan is "paid" (now not set)'
    assert before.at == NOW - DAY
    assert explain(node, history, NOW).least.words() == 'plan is not "paid" (now "paid")'
    assert before.as_data()["conditions"][0]["places"] == ["all[0]"]
