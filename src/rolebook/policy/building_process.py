"""Authority, approval, rules, lifecycle and reviews of the file form, judged against roles, kinds and
matrix.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rolebook.policy.building_chains import check_chains
from rolebook.policy.building_reviews import build_reviews
from rolebook.policy.building_roles import basis
from rolebook.policy.errors import nearest, one_of
from rolebook.policy.form import RolebookForm
from rolebook.policy.form_process import ActHolderForm, SettingForm, StageForm
from rolebook.policy.matrix import NO, Matrix, where_printed
from rolebook.policy.model import (
    PLACE_ORGANIZATION,
    PLACE_PARENT,
    PLACE_PROGRAM,
    STEWARD_ID,
    Act,
    ActHolder,
    Approval,
    Authority,
    Chain,
    LifecycleSettings,
    Privilege,
    Review,
    Role,
    RuleInForce,
    RuleOverride,
    SettingValue,
    ShippedOrganization,
    StageSpec,
)
from rolebook.policy.names import AllNames, Source
from rolebook.policy.provisions import StagePlace
from rolebook.policy.rules import RULES, SettingSpec
from rolebook.policy.yaml_tree import Path

STEWARD_BASIS = "ours: the steward is an office of the program, and stands in where nobody is left"
PLACES: Mapping[str, StagePlace] = {
    "organization": PLACE_ORGANIZATION,
    "nearest": PLACE_PARENT,
    "program": PLACE_PROGRAM,
}


@dataclass(frozen=True, slots=True)
class Known:
    """What has been read before: the names, and the parts that the process speaks about."""

    names: AllNames
    role_list: tuple[Role, ...]
    organizations: tuple[ShippedOrganization, ...]
    matrix: Matrix
    privileges: Mapping[str, Privilege]


@dataclass(frozen=True, slots=True)
class Process:
    """What this module builds."""

    authority: Authority
    chains: tuple[Chain, ...]
    approval: Approval
    rules: tuple[RuleInForce, ...]
    lifecycle: LifecycleSettings
    reviews: tuple[Review, ...]


def build_process(form: RolebookForm, source: Source, known: Known) -> Process:
    """Judge and build; errors go to the source's report."""
    builder = _ProcessBuilder(form, source, known)
    authority = builder.authority()
    chains = builder.chains()
    approval = builder.approval()
    check_chains(
        form,
        source,
        kinds=known.names.kinds,
        roles=known.role_list,
        organizations=known.organizations,
        authority=authority,
        chains=chains,
        approval=approval,
    )
    return Process(authority, chains, approval, builder.rules(), builder.lifecycle(), builder.reviews())


class _ProcessBuilder:
    def __init__(self, form: RolebookForm, source: Source, known: Known) -> None:
        self.form = form
        self.source = source
        self.known = known
        self.rows = {
            where_printed(table, row, known.privileges[row.privilege_id].title): (table, row)
            for table, row in known.matrix.rows
            if row.privilege_id in known.privileges
        }
        self.codes = {organization.code for organization in known.organizations}

    def authority(self) -> Authority:
        """The holders of every act as written, and the steward last."""
        acts: dict[Act, tuple[ActHolder, ...]] = {}
        for act in Act:
            found: list[ActHolder] = []
            forms: list[ActHolderForm] = getattr(self.form.authority, act.value)
            for position, holder in enumerate(forms):
                path: Path = ("authority", act.value, position)
                role_id = self.source.one(self.known.names.roles, holder.role, (*path, "role"))
                categories = self.source.many(
                    self.known.names.categories, holder.categories, (*path, "categories")
                )
                if role_id is None:
                    continue
                if any(other.role_id == role_id for other in found):
                    self.source.error(
                        (*path, "role"), "duplicate role", holder.role, "each role once for an act"
                    )
                if holder.row is not None:
                    self._check_row(holder, role_id, path)
                found.append(ActHolder(role_id, categories, holder.where, basis(holder)))
            if all(holder.role_id != STEWARD_ID for holder in found):
                found.append(ActHolder(STEWARD_ID, (), "with lower levels", STEWARD_BASIS))
            acts[act] = tuple(found)
        return Authority(MappingProxyType(acts))

    def _check_row(self, holder: ActHolderForm, role_id: str, path: Path) -> None:
        cited = " / ".join(part.strip() for part in (holder.row or "").split(" / "))
        exact = cited if cited in self.rows else None
        if exact is None:
            close = nearest(holder.row or "", self.rows)
            self.source.error(
                (*path, "row"),
                "unknown row",
                holder.row,
                "a printed row like 'Table 1 / Other / iQIES role approval'",
                [close] if close else [],
            )
            return
        table, row = self.rows[exact]
        cell = table.cell(row, role_id)
        if cell in (None, NO):
            self.source.error(
                (*path, "row"),
                "row does not give it",
                f"{cell or 'not listed'} for {holder.role}",
                "a row whose cell for this role is not 'no'",
            )

    def chains(self) -> tuple[Chain, ...]:
        """The chains as written."""
        return tuple(
            Chain(
                chain.id,
                chain.title,
                self._stages(chain.stages, ("approval", "chains", position, "stages")),
                self.source.many(
                    self.known.names.kinds, chain.kinds, ("approval", "chains", position, "kinds")
                ),
                self._codes(chain.organizations, ("approval", "chains", position, "organizations")),
                chain.everywhere,
            )
            for position, chain in enumerate(self.form.approval.chains)
        )

    def approval(self) -> Approval:
        """How the chains come together."""
        form = self.form.approval
        return Approval(
            closing=self._stages(form.closing, ("approval", "closing")),
            employing_chain=form.employing_chain,
            employing_waits=form.employing_waits,
            foreign_first=self._stages(form.foreign_first, ("approval", "foreign_first")),
            foreign_last=self._stages(form.foreign_last, ("approval", "foreign_last")),
            remind_after_working_days=tuple(form.remind_after_working_days),
            escalate_after_working_days=form.escalate_after_working_days,
            holidays=tuple(form.holidays),
        )

    def _stages(self, forms: list[StageForm], path: Path) -> tuple[StageSpec, ...]:
        stages: list[StageSpec] = []
        for position, form in enumerate(forms):
            here: Path = (*path, position)
            role_id = self.source.one(self.known.names.roles, form.approver, (*here, "approver"))
            kinds = self.source.many(self.known.names.kinds, form.kinds, (*here, "kinds"))
            if form.place == "nearest" and not form.kinds:
                self.source.error((*here, "place"), "missing key", None, "'kinds' with the place 'nearest'")
            elif form.place != "nearest" and form.kinds:
                self.source.key_error(
                    (*here, "kinds"), "unused key", "kinds", "only with the place 'nearest'"
                )
            if any(stage.id == form.id for stage in stages):
                self.source.error((*here, "id"), "duplicate stage", form.id, "each id once in a chain")
            place = PLACES[form.place]
            stages.append(StageSpec(form.id, form.title, role_id or "", place, kinds, form.optional))
        return tuple(stages)

    def _codes(self, codes: list[str], path: Path) -> tuple[str, ...]:
        for position, code in enumerate(codes):
            if code not in self.codes:
                expected = one_of(sorted(self.codes)) if self.codes else "a code from organizations.csv"
                self.source.error((*path, position), "unknown organization", code, expected, self.codes)
            elif code in codes[:position]:
                self.source.error((*path, position), "duplicate organization", code, "each once")
        return tuple(codes)

    def rules(self) -> tuple[RuleInForce, ...]:
        """The rules in force with their settings."""
        found: list[RuleInForce] = []
        for position, form in enumerate(self.form.rules):
            path: Path = ("rules", position)
            rule = RULES.get(form.id)
            if rule is None:
                self.source.error((*path, "id"), "unknown rule", form.id, one_of(RULES), RULES)
                continue
            if any(other.id == form.id for other in found):
                self.source.error((*path, "id"), "duplicate rule", form.id, "each rule once")
            settings = self._settings(form.id, rule.settings, form.settings, path, required=True)
            self._check_dates(form.effective_from, form.effective_until, path)
            overrides: list[RuleOverride] = []
            for number, override in enumerate(form.overrides):
                here: Path = (*path, "overrides", number)
                self._check_dates(override.effective_from, override.effective_until, here)
                overrides.append(
                    RuleOverride(
                        self._codes(override.organizations, (*here, "organizations")),
                        self._settings(form.id, rule.settings, override.settings, here, required=False),
                        override.effective_from,
                        override.effective_until,
                    )
                )
            found.append(
                RuleInForce(
                    form.id,
                    settings,
                    form.effective_from,
                    form.effective_until,
                    tuple(overrides),
                    form.source or "",
                )
            )
        return tuple(found)

    def _settings(
        self,
        rule_id: str,
        specs: Mapping[str, SettingSpec],
        given: dict[str, SettingForm],
        path: Path,
        *,
        required: bool,
    ) -> Mapping[str, SettingValue]:
        read: dict[str, SettingValue] = {}
        for name, value in given.items():
            spec = specs.get(name)
            here: Path = (*path, "settings", name)
            if spec is None:
                self.source.key_error(here, "unknown setting", name, one_of(specs))
            elif type(value) is not spec.type:
                self.source.error(here, "wrong type", str(value), spec.words)
            else:
                read[name] = tuple(value) if isinstance(value, list) else value
                if spec.names_category and str(value) not in self.known.names.categories.places:
                    ids = list(self.known.names.categories.places)
                    self.source.error(here, "unknown category", str(value), one_of(ids), ids)
        for name, spec in specs.items():
            if required and spec.required and name not in given:
                self.source.key_error(
                    (*path, "settings"), "missing setting", None, f"'{name}' for the rule '{rule_id}'"
                )
        return MappingProxyType(read)

    def _check_dates(self, first: object, until: object, path: Path) -> None:
        if first is not None and until is not None and str(first) >= str(until):
            self.source.error((*path, "effective_until"), "invalid date", str(until), f"a day after {first}")

    def lifecycle(self) -> LifecycleSettings:
        """What ends by itself."""
        form = self.form.lifecycle
        for key in ("warn_days_before_closing", "warn_days_before_end"):
            days: list[int] = getattr(form, key)
            if days != sorted(set(days), reverse=True):
                self.source.error(
                    ("lifecycle", key),
                    "wrong order",
                    ", ".join(map(str, days)),
                    "each number of days once, longest first",
                )
        for key in ("warn_days_before_closing", "grace_days", "most_due_percent"):
            if form.inactivity_months is None and key in form.model_fields_set:
                expected = "only with 'inactivity_months'"
                self.source.key_error(("lifecycle", key), "unused key", key, expected)
        self._bounces()
        return LifecycleSettings(
            inactivity_months=form.inactivity_months,
            warn_days_before_closing=tuple(form.warn_days_before_closing),
            grace_days=form.grace_days,
            most_due_percent=form.most_due_percent,
            bounce_deactivates=form.bounce_deactivates,
            bounces_needed=form.bounces_needed,
            bounces_within_days=form.bounces_within_days,
            temporary_details=form.temporary_details,
            warn_days_before_end=tuple(form.warn_days_before_end),
            request_expires_days=form.request_expires_days,
        )

    def _bounces(self) -> None:
        """Judge after how many rejected mails somebody is deactivated: several need a time within which they count."""
        form = self.form.lifecycle
        several = form.bounces_needed > 1
        if several and not form.bounce_deactivates:
            self.source.key_error(
                ("lifecycle", "bounces_needed"),
                "unused key",
                "bounces_needed",
                "only with 'bounce_deactivates'",
            )
        elif several and form.bounces_within_days is None:
            self.source.error(
                ("lifecycle", "bounces_needed"),
                "missing key",
                str(form.bounces_needed),
                "'bounces_within_days' beside it",
            )
        elif form.bounces_within_days is not None and not several:
            self.source.key_error(
                ("lifecycle", "bounces_within_days"),
                "unused key",
                "bounces_within_days",
                "only with 'bounces_needed' of 2 or more",
            )

    def reviews(self) -> tuple[Review, ...]:
        """The review campaigns."""
        return build_reviews(
            self.source, self.known.names, self.form.reviews, self.form.authority.answer_review
        )
