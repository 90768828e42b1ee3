"""What the three documents say besides their cells: reaches, categories, authority, words, organizations."""

import json
from pathlib import Path

import jsonschema
import pytest

from rolebook.policy.case_answers import ask, deciders
from rolebook.policy.cases import AskQuestion, LayoutQuestion, read_cases
from rolebook.policy.errors import Report, RolebookErrors
from rolebook.policy.model import STEWARD_ID, Act
from rolebook.policy.schema import CASES_SCHEMA_FILE, SCHEMA_FILE, cases_schema, schema, schema_text
from rolebook.policy.shipped import resolve, rolebooks_folder, shipped, shipped_folder
from rolebook.policy.yaml_tree import parse_yaml
from tests.policy.shipped_books import NAMES, book
from tests.policy.small import SMALL, errors_of, spoiled


def test_three_rolebooks_are_shipped() -> None:
    assert shipped() == NAMES


def test_a_program_is_found_by_name_or_by_folder() -> None:
    assert resolve("iqies") == shipped_folder("iqies") == resolve(rolebooks_folder() / "iqies")
    with pytest.raises(RolebookErrors, match="did you mean 'iqies'"):
        resolve("iqeis")


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_schemas_are_current_and_the_files_satisfy_them(name: str) -> None:
    folder = rolebooks_folder()
    assert (folder / SCHEMA_FILE).read_text() == schema_text(schema())
    assert (folder / CASES_SCHEMA_FILE).read_text() == schema_text(cases_schema())
    files = {
        folder / name / "rolebook.yaml": schema(),
        **dict.fromkeys((folder / name / "cases").glob("*.yaml"), cases_schema()),
    }
    for path, wanted in files.items():
        text = path.read_text()
        first = text.splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema=")
        assert (path.parent / first.partition("=")[2]).resolve() in {
            folder / SCHEMA_FILE,
            folder / CASES_SCHEMA_FILE,
        }
        tree = parse_yaml(text, str(path), Report())
        jsonschema.Draft202012Validator(wanted).validate(json.loads(json.dumps(tree.data)))


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    assert not validator.is_valid({"format": 2})
    assert not validator.is_valid({"format": 1, "unknown": 1})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("requests, operation: approve", "requests, operation: aprove"),
        ("view_records:", "View-Records:"),
        ("view_records: View records", 'view_records: ""'),
        ("own_record: true", "own_record: true, operations: [vew]"),
        ("id: own_decision", "id: own_decison"),
        ("find_a_role", "find_role"),
        (", ours: who gives access takes it away", ""),
        ("ours: who gives access takes it away", "ours: so, document: so"),
    ],
)
def test_an_editor_sees_what_the_reader_refuses(old: str, new: str, tmp_path: Path) -> None:
    files = spoiled("rolebook.yaml", (old, new))
    assert errors_of(tmp_path, files)
    tree = parse_yaml(str(files["rolebook.yaml"]), "rolebook.yaml", Report())
    assert not jsonschema.Draft202012Validator(schema()).is_valid(tree.data)


def test_an_editor_finds_the_new_rolebook_well() -> None:
    tree = parse_yaml(SMALL["rolebook.yaml"], "rolebook.yaml", Report())
    jsonschema.Draft202012Validator(schema()).validate(tree.data)


@pytest.mark.requirement("IQIES-07")
@pytest.mark.requirement("IQIES-11")
def test_staff_support_and_ofm_roles_are_of_the_cms_category_and_reach_everywhere() -> None:
    cms = [role for role in book("iqies").roles if role.category_id == "cms"]
    assert {role.title for role in cms} == {
        "CMS General User",
        "CMS Security Official",
        "CMS View Only User",
        "CMS Admin",
        "iQIES Help Desk",
        "iQIES Help Desk Production Control",
        "Office of Financial Management User",
    }
    assert {role.reach.scope for role in cms} == {"everywhere"}


@pytest.mark.requirement("IQIES-04")
def test_all_four_user_categories_of_iqies_are_exclusive_and_ofm_s_place_says_that_it_is_ours() -> None:
    assert [c.title for c in book("iqies").categories if c.exclusive] == [
        "CMS",
        "CMS Contractor",
        "Provider",
        "State Agency",
    ]
    ofm = book("iqies").role_by_name("OFM User Role")
    assert ofm is not None
    assert "ours" in ofm.source


@pytest.mark.requirement("IQIES-15")
def test_elsewhere_the_state_agency_general_user_has_exactly_seven_privileges() -> None:
    role = book("iqies").role("state_general_user")
    assert role is not None
    titles = {found.title for i in role.reach.elsewhere if (found := book("iqies").privilege(i))}
    assert titles == {
        "Search providers",
        "View provider details",
        "View provider letters",
        "View survey details",
        "View survey letters",
        "View enforcement details",
        "View enforcement letters",
    }
    assert [r.id for r in book("iqies").roles if r.reach.elsewhere] == ["state_general_user"]


@pytest.mark.requirement("IQIES-12")
def test_mac_roles_are_held_at_a_jurisdiction_and_reach_the_set_of_its_states() -> None:
    for name in ("mac_user", "mac_security_official"):
        role = book("iqies").role(name)
        assert role is not None
        assert role.reach.kinds == ("mac_jurisdiction",)
        assert role.reach.many
        assert role.reach.lower_levels


@pytest.mark.requirement("IQIES-12")
def test_iqies_ships_56_states_each_in_one_of_twelve_jurisdictions() -> None:
    states = [o for o in book("iqies").organizations if o.kind_id == "state"]
    jurisdictions = [o.code for o in book("iqies").organizations if o.kind_id == "mac_jurisdiction"]
    assert len(states) == 56
    assert len(jurisdictions) == 12
    assert {o.parent_code for o in states} == set(jurisdictions)
    assert {o.code for o in states if o.parent_code == "J15"} == {"KY", "OH"}


@pytest.mark.requirement("IQIES-05")
def test_exactly_the_four_roles_whose_row_says_yes_decide_each_for_its_own_category_and_organization() -> (
    None
):
    iqies = book("iqies")
    printed = {role.id for role in iqies.roles if "iqies_role_approval" in iqies.powers(role.id)}
    holders = {h.role_id: h for h in iqies.authority.acts[Act.DECIDE] if h.role_id != STEWARD_ID}
    assert set(holders) == printed
    assert len(printed) == 4
    for role_id, holder in holders.items():
        role = iqies.role(role_id)
        assert role is not None
        assert holder.category_ids == (role.category_id,)
        assert holder.where == "same organization"
        assert holder.basis.endswith("iQIES role approval")


@pytest.mark.requirement("IQIES-06")
def test_every_provider_and_state_should_have_two_security_officials() -> None:
    found = {(r.role_id, r.at_least) for r in book("iqies").recommendations}
    assert found == {("provider_security_official", 2), ("state_security_official", 2)}


@pytest.mark.requirement("IQIES-08")
def test_what_cannot_be_requested_in_iqies_is_the_cms_security_official_and_cms_admin() -> None:
    assert [r.id for r in book("iqies").roles if r.obtained != "request"] == [
        "cms_security_official",
        "cms_admin",
    ]


@pytest.mark.requirement("IQIES-16")
def test_state_prohibited_codes_are_managed_by_two_roles() -> None:
    iqies = book("iqies")
    holders = [r.id for r in iqies.roles if "manage_state_prohibited_codes" in iqies.powers(r.id)]
    assert holders == ["help_desk_production_control", "state_assessment_coordinator"]


@pytest.mark.requirement("IQIES-17")
def test_the_office_of_financial_management_has_the_four_cmpts_privileges() -> None:
    titles = [p.title for i in book("iqies").powers("ofm_user") if (p := book("iqies").privilege(i))]
    assert titles == ["Edit details", "Edit notes", "View CMPTS details", "View CMPTS notes"]


@pytest.mark.requirement("IQIES-18")
def test_the_job_aid_s_version_date_and_links_are_kept() -> None:
    program = book("iqies").program
    assert (program.version, program.date.isoformat()) == ("3.0", "2022-10-25")
    assert [link.title for link in program.links] == [
        "iQIES Onboarding Guide",
        "iQIES Security Official \u2013 Manage Job Aid",
    ]


@pytest.mark.requirement("QPP-11")
@pytest.mark.requirement("QPP-12")
def test_qpp_says_whom_the_only_official_contacts_what_to_have_ready_and_suggests_a_second_one() -> None:
    program = book("qpp").program
    assert program.contact.email == "QPP@cms.hhs.gov"
    assert "TIN" in program.contact.have_ready
    assert "second (or third) Security Official" in program.hints["few_officials"]
    assert book("qpp").recommendations[0].at_least == 2


@pytest.mark.requirement("QPP-14")
def test_qpp_has_two_roles_of_which_one_manages_access() -> None:
    qpp = book("qpp")
    assert [role.title for role in qpp.roles] == ["Security Official", "Staff User"]
    for act in (Act.DECIDE, Act.VIEW_USERS, Act.REMOVE):
        assert {h.role_id for h in qpp.authority.acts[act]} == {"security_official", STEWARD_ID}


@pytest.mark.requirement("QPP-01")
def test_the_wording_of_the_statement_of_truth_says_that_it_is_ours() -> None:
    assert book("qpp").program.statement
    assert book("qpp").program.statement_source.startswith("ours")


@pytest.mark.parametrize("name", ["qpp", "iqcs"])
def test_a_matrix_that_no_document_prints_says_that_it_is_ours(name: str) -> None:
    assert "ours" in book(name).source
    assert all("ours" in table.title for table in book(name).matrix.tables)


@pytest.mark.requirement("IQCS-05")
def test_iqcs_has_the_page_s_kinds_of_privilege_and_holds_access_apart_from_roles() -> None:
    iqcs = book("iqcs")
    assert [kind.id for kind in iqcs.privilege_kinds] == ["menu", "page", "tab", "report", "action"]
    assert {p.kind_id for p in iqcs.privileges} == {"menu", "page", "tab", "report", "action"}
    assert iqcs.access == "apart from roles"


@pytest.mark.requirement("IQCS-08")
@pytest.mark.requirement("IQCS-09")
@pytest.mark.requirement("IQCS-11")
def test_iqcs_closes_after_twelve_months_on_a_rejected_mail_and_at_the_end_of_a_detail() -> None:
    lifecycle = book("iqcs").lifecycle
    assert lifecycle.inactivity_months == 12
    assert lifecycle.warn_days_before_closing
    assert lifecycle.bounce_deactivates
    assert lifecycle.temporary_details


@pytest.mark.requirement("IQCS-12")
def test_the_annual_audit_asks_three_questions_of_leads_and_representatives() -> None:
    (review,) = book("iqcs").reviews
    assert review.opens_on == (11, 1)
    assert review.due_on == (12, 31)
    assert [(q.about, q.yes_means) for q in review.questions] == [
        ("account", "keep"),
        ("roles", "remove"),
        ("access", "remove"),
    ]
    assert review.answered_by == ("agency_lead", "agency_representative")


@pytest.mark.parametrize("name", NAMES)
def test_every_basis_of_authority_cites_a_row_or_the_document_or_says_ours(name: str) -> None:
    for act in Act:
        for holder in book(name).authority.acts[act]:
            assert holder.basis.startswith(("ours: ", "document: ", "Table "))


@pytest.mark.parametrize("name", NAMES)
def test_the_steward_holds_every_act_and_stands_in_no_table(name: str) -> None:
    rolebook = book(name)
    assert all(rolebook.authority.holder(act, STEWARD_ID) for act in Act)
    assert rolebook.role(STEWARD_ID) == rolebook.steward
    assert STEWARD_ID not in {role.id for role in rolebook.roles}
    assert rolebook.matrix.table_of(STEWARD_ID) is None
    assert rolebook.powers(STEWARD_ID) == {}


def test_at_least_sixty_claims_are_shipped() -> None:
    counts = {name: sum(len(f.cases) for f in read_cases(shipped_folder(name), book(name))) for name in NAMES}
    assert sum(counts.values()) >= 60
    assert all(count >= 10 for count in counts.values())


@pytest.mark.requirement("IQCS-03")
@pytest.mark.requirement("IQCS-04")
@pytest.mark.parametrize("name", NAMES)
def test_what_rules_and_approval_answer_is_what_the_cases_claim(name: str) -> None:
    for case_file in read_cases(shipped_folder(name), book(name)):
        for case in case_file.cases:
            for question in case.questions:
                if isinstance(question, AskQuestion):
                    found = ask(book(name), case_file, case.person, question)
                    assert (not found) == question.allowed, case.claim
                    assert [v.code for v in found][:1] == ([question.reason] if question.reason else [])
                elif isinstance(question, LayoutQuestion):
                    assert deciders(book(name), case_file, case.person, question) == question.decided_by, (
                        case.claim
                    )
