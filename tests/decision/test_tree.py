"""Organizations as intervals: deep trees, and nodes that are no tree."""

import pytest

from rolebook.decision.tree import OrganizationTree, TreeError


@pytest.mark.fault(55)
def test_a_chain_of_10_000_is_numbered_without_recursion() -> None:
    nodes = [(str(number), str(number - 1) if number else None, "unit") for number in range(10_000)]
    tree = OrganizationTree(reversed(nodes))
    assert tree.interval("0") == (0, 10_000)
    assert tree.interval("9999") == (9_999, 10_000)
    assert tree.lies_in("9999", "0")
    assert not tree.lies_in("0", "9999")


@pytest.mark.fault(55)
def test_a_cycle_is_refused_by_name() -> None:
    with pytest.raises(TreeError, match=r"organization '(a|b)' is its own ancestor"):
        OrganizationTree([("a", "b", "unit"), ("b", "a", "unit"), ("c", None, "unit")])


def test_a_missing_parent_and_a_doubled_id_are_refused() -> None:
    with pytest.raises(TreeError, match="names the parent 'x', which is not there"):
        OrganizationTree([("a", "x", "unit")])
    with pytest.raises(TreeError, match="'a' stands twice"):
        OrganizationTree([("a", None, "unit"), ("a", None, "unit")])


@pytest.mark.invariant("I1")
@pytest.mark.fault(4)
def test_siblings_whose_codes_share_a_prefix_are_strangers() -> None:
    tree = OrganizationTree([("acme", None, "unit"), ("acme-2", None, "unit"), ("acme/x", "acme", "unit")])
    assert not tree.lies_in("acme-2", "acme")
    assert tree.lies_in("acme/x", "acme")


def test_paths_make_the_small_tree_that_a_flow_needs() -> None:
    tree = OrganizationTree.from_paths([("/1/5/12/", "unit"), ("/1/7/", "state"), ("/1/", "agency")])
    assert [tree.kind(node) for node in ("1", "5", "12", "7")] == ["agency", "", "unit", "state"]
    assert tree.lies_in("12", "1")
    assert not tree.lies_in("12", "7")
    assert tree.parent("12") == "5"


@pytest.mark.parametrize("paths", [["/"], [""], ["/1/2/", "/3/2/"], ["/1/2/", "/2/"], ["/1/1/"]])
def test_paths_that_contradict_each_other_are_refused(paths: list[str]) -> None:
    with pytest.raises(TreeError):
        OrganizationTree.from_paths((path, "unit") for path in paths)


def test_an_empty_tree_knows_no_organization() -> None:
    tree = OrganizationTree(())
    assert (len(tree), tree.position("a"), tree.position(None), "a" in tree) == (0, None, -1, False)
