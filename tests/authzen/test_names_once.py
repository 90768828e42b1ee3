"""An object of a question that has a name twice is refused: readers differ in which of two they take."""

from random import Random

import pytest

from rolebook.authzen import evaluation, evaluations, searching
from rolebook.authzen.evaluation import Malformed, read_evaluation, require_each_name_once
from tests.authzen.made import state_of

pytestmark = pytest.mark.fault(43)

WHOLE = b'{"subject":{"type":"user","id":"u"},"action":{"name":"view"},"resource":{"type":"organization","id":"o"}}'
TWICE = {
    "a member of the request": WHOLE.replace(b'"action"', b'"subject":{"type":"user","id":"v"},"action"'),
    "an id": WHOLE.replace(b'"id":"u"', b'"id":"u","id":"v"'),
    "written with an escape": WHOLE.replace(b'"id":"u"', b'"id":"u","\\u0069d":"v"'),
    "with white space": WHOLE.replace(b'"id":"u"', b'"id" : "u", "id"\n: "v"'),
    "a property": WHOLE.replace(
        b'"id":"o"', b'"id":"o","properties":{"organization":"a","organization":"b"}'
    ),
    "deep in the context": WHOLE[:-1] + b',"context":{"a":[{"b":1,"b":2}]}}',
}


@pytest.mark.parametrize("where", TWICE)
def test_a_name_that_stands_twice_is_refused(where: str) -> None:
    with pytest.raises(Malformed, match="twice in one object"):
        read_evaluation(TWICE[where])


@pytest.mark.parametrize("where", TWICE)
def test_it_is_refused_in_one_question_of_many(where: str) -> None:
    for body in (
        b'{"evaluations":[%s,%s]}' % (WHOLE, TWICE[where]),
        b'{"evaluations":[%s,{"subject":1}]}' % TWICE[where],
    ):
        with pytest.raises(Malformed, match="twice in one object"):
            evaluations.evaluate_many(state_of(Random(0), plain=True), body, 0)


@pytest.mark.parametrize("kind", ["subjects", "resources", "actions"])
def test_it_is_refused_in_a_search(kind: str) -> None:
    search = getattr(searching, f"search_{kind}")
    with pytest.raises(Malformed, match="twice in one object"):
        search(None, TWICE["a property"], 0, None)


def test_what_repeats_a_name_in_different_objects_or_in_texts_is_asked() -> None:
    assert read_evaluation(WHOLE).subject.id == "u"
    told = WHOLE[:-1] + b',"context":{"id":"\\"id\\":\\"id\\"","note":{"id":"a:b"}}}'
    assert read_evaluation(told).subject.id == "u"
    assert read_evaluation(WHOLE.replace(b'"id":"u"', b'"id":"a:b"')).subject.id == "a:b"


def test_a_body_that_is_nested_too_deep_is_no_defect() -> None:
    deep = WHOLE[:-1] + b',"context":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}"
    with pytest.raises(Malformed):
        read_evaluation(deep)
    with pytest.raises(Malformed):
        require_each_name_once(b"[" * 100_000)


def test_the_quick_count_is_the_number_of_names_that_a_question_needs() -> None:
    assert WHOLE.count(b":") == evaluation._NAMES_OF_ONE
