"""Differences in authority, approval, rules, lifecycle and reviews."""

from collections.abc import Iterator

from rolebook.policy.diff_reviews import review_differences
from rolebook.policy.diff_terms import Difference
from rolebook.policy.model import Act, Rolebook, RuleInForce, RuleOverride, StageSpec
from rolebook.policy.words import sentence as words_of


def compare_process(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    """Every difference in how the program is governed."""
    yield from _authority(old, new)
    yield from _chains(old, new)
    yield from _approval(old, new)
    yield from _waiting(old, new)
    yield from _rules(old, new)
    yield from _lifecycle(old, new)
    yield from review_differences(old, new)
    yield from _recommendations(old, new)


def _role_title(old: Rolebook, new: Rolebook, role_id: str) -> str:
    role = new.role(role_id) or old.role(role_id)
    return role.title if role else role_id


def _authority(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    for act in Act:
        words = words_of(f"decision.act_{act.value}")
        before = {holder.role_id: holder for holder in old.authority.acts.get(act, ())}
        after = {holder.role_id: holder for holder in new.authority.acts.get(act, ())}
        for role_id, holder in after.items():
            was, title = before.get(role_id), _role_title(old, new, role_id)
            if was is None:
                sentence = f"'{title}' may now {words}."
                yield Difference(
                    "authority", f"{act.value}/{role_id}", sentence, None, holder.where, added_power=True
                )
                continue
            if was.where != holder.where:
                wider = holder.where == "with lower levels"
                sentence = f"'{title}' may {words} {holder.where} (was {was.where})."
                yield Difference(
                    "authority", f"{act.value}/{role_id}", sentence, was.where, holder.where, wider
                )
            if set(was.category_ids) != set(holder.category_ids):
                wider = bool(was.category_ids) and bool(
                    not holder.category_ids or set(holder.category_ids) - set(was.category_ids)
                )
                now_names, was_names = _names(holder.category_ids), _names(was.category_ids)
                sentence = f"'{title}' may {words} for {now_names} (was {was_names})."
                yield Difference("authority", f"{act.value}/{role_id}", sentence, was_names, now_names, wider)
        for role_id in [i for i in before if i not in after]:
            sentence = f"'{_role_title(old, new, role_id)}' may no longer {words}."
            yield Difference("authority", f"{act.value}/{role_id}", sentence, before[role_id].where, None)


def _names(ids: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in ids) if ids else "all categories"


def _stages(book: Rolebook, stages: tuple[StageSpec, ...]) -> str:
    """Stages as one text: who decides where, in order."""
    texts = []
    for stage in stages:
        kinds = [kind.title for kind_id in stage.place_kinds if (kind := book.kind(kind_id))]
        place = f"nearest {' or '.join(kinds)}" if kinds else stage.place
        optional = ", where there is one" if stage.optional else ""
        role = book.role(stage.approver_role_id)
        texts.append(f"{role.title if role else stage.approver_role_id} ({place}{optional})")
    return ", then ".join(texts) if texts else "nobody"


def _deciding(stages: tuple[StageSpec, ...]) -> list[tuple[object, ...]]:
    """What of stages says who decides; ids and titles do not."""
    return [(stage.approver_role_id, stage.place, stage.place_kinds, stage.optional) for stage in stages]


def _decides_more(was: tuple[StageSpec, ...], now: tuple[StageSpec, ...]) -> bool:
    """Whether a stage is gone or has another approver: others then decide what it decided."""
    left = iter(_deciding(now))
    return not all(any(stage == other for other in left) for stage in _deciding(was))


def _chains(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    before = {chain.id: chain for chain in old.chains}
    after = {chain.id: chain for chain in new.chains}
    for chain_id, chain in after.items():
        was = before.get(chain_id)
        if was is None:
            text = _stages(new, chain.stages)
            sentence = f"New chain '{chain.title}': {text}."
            yield Difference("chain", chain_id, sentence, None, text, added_power=True)
            continue
        if _deciding(was.stages) != _deciding(chain.stages):
            now_text, was_text = _stages(new, chain.stages), _stages(old, was.stages)
            sentence = f"The chain '{chain.title}' is now: {now_text} (was: {was_text})."
            added = _decides_more(was.stages, chain.stages)
            yield Difference("chain", chain_id, sentence, was_text, now_text, added_power=added)
        elif was.stages != chain.stages:
            yield Difference("chain", chain_id, f"The stages of the chain '{chain.title}' have other names.")
        targets = (
            (was.kinds, was.organizations, was.everywhere),
            (chain.kinds, chain.organizations, chain.everywhere),
        )
        if targets[0] != targets[1]:
            was_names, now_names = _targets(*targets[0]), _targets(*targets[1])
            was_text, now_text = (", ".join(names) or "nothing" for names in (was_names, now_names))
            sentence = f"The chain '{chain.title}' is now for {now_text} (was {was_text})."
            more = bool(set(now_names) - set(was_names))
            yield Difference("chain", chain_id, sentence, was_text, now_text, added_power=more)
    for chain_id in [i for i in before if i not in after]:
        was = before[chain_id]
        sentence = f"The chain '{was.title}' is gone."
        yield Difference("chain", chain_id, sentence, _stages(old, was.stages), None)


def _targets(kinds: tuple[str, ...], organizations: tuple[str, ...], everywhere: bool) -> list[str]:
    return [*kinds, *organizations, *(["roles without an organization"] if everywhere else [])]


def _approval(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    before, after = old.approval, new.approval
    for key, words in (
        ("closing", "closing stages"),
        ("foreign_first", "first stages at another organization"),
        ("foreign_last", "last stages at another organization"),
    ):
        was, now = getattr(before, key), getattr(after, key)
        if _deciding(was) != _deciding(now):
            now_text, was_text = _stages(new, now), _stages(old, was)
            sentence = f"The {words} are now: {now_text} (was: {was_text})."
            added = _decides_more(was, now)
            yield Difference("approval", key, sentence, was_text, now_text, added_power=added)
        elif was != now:
            yield Difference("approval", key, f"The {words} have other names.")
    for key, words in (
        ("employing_chain", "the employing organization's chain always runs"),
        ("employing_waits", "the employing organization's chain waits for the others"),
    ):
        if getattr(before, key) != getattr(after, key):
            now = getattr(after, key)
            sentence = f"It is {'now' if now else 'no longer'} so that {words}."
            yield Difference(
                "approval", key, sentence, str(not now).lower(), str(now).lower(), added_power=not now
            )


def _waiting(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    """When approvers are reminded and the steward steps in: only the latter decides more, when it comes earlier."""
    for key, words in (
        ("remind_after_working_days", "working days after which approvers are reminded"),
        ("escalate_after_working_days", "working days after which the steward may decide, too"),
        ("holidays", "holidays, which are no working days"),
    ):
        was, now = getattr(old.approval, key), getattr(new.approval, key)
        if was == now:
            continue
        sooner = key == "escalate_after_working_days" and now is not None and (was is None or now < was)
        was_text, now_text = _days(was), _days(now)
        sentence = f"The {words} are now: {now_text} (was: {was_text})."
        yield Difference("approval", key, sentence, was_text, now_text, added_power=sooner)


def _days(value: tuple[object, ...] | int | None) -> str:
    some = value if isinstance(value, tuple) else () if value is None else (value,)
    return ", ".join(str(one) for one in some) or "none"


def _rules(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    before = {rule.id: rule for rule in old.rules}
    after = {rule.id: rule for rule in new.rules}
    for rule_id, rule in after.items():
        was = before.get(rule_id)
        if was is None:
            yield Difference(
                "rule", rule_id, f"The rule '{rule_id}' is now in force{_dates(rule)}.", None, _text(rule)
            )
        elif _essence(was) != _essence(rule):
            sentence = f"The rule '{rule_id}' changed: {_text(rule)} (was: {_text(was)})."
            yield Difference("rule", rule_id, sentence, _text(was), _text(rule), added_power=True)
    for rule_id in [i for i in before if i not in after]:
        sentence = f"The rule '{rule_id}' is no longer in force."
        yield Difference("rule", rule_id, sentence, _text(before[rule_id]), None, added_power=True)


def _essence(rule: RuleInForce) -> tuple[object, ...]:
    return (dict(rule.settings), rule.effective_from, rule.effective_until, rule.overrides)


def _dates(rule: RuleInForce | RuleOverride) -> str:
    first = f" from {rule.effective_from}" if rule.effective_from else ""
    until = f" until {rule.effective_until}" if rule.effective_until else ""
    return first + until


def _text(rule: RuleInForce) -> str:
    overrides = [f"at {', '.join(each.organizations)}: {_in_force(each)}" for each in rule.overrides]
    return "; ".join([_in_force(rule), *overrides])


def _in_force(rule: RuleInForce | RuleOverride) -> str:
    settings = ", ".join(f"{key}={_value(value)}" for key, value in rule.settings.items())
    return "; ".join(part for part in (settings, _dates(rule).strip()) if part) or "always"


def _lifecycle(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    for key, words in (
        ("inactivity_months", "months without a sign-in before closing"),
        ("warn_days_before_closing", "days of warning before closing"),
        ("grace_days", "days between the first warning and the closing"),
        ("most_due_percent", "percent of the people closed without asking the steward"),
        ("bounce_deactivates", "deactivation by a rejected e-mail"),
        ("bounces_needed", "rejected e-mails before deactivation"),
        ("bounces_within_days", "days within which these count"),
        ("temporary_details", "temporary details"),
        ("warn_days_before_end", "days of warning before an end"),
        ("request_expires_days", "days after which a request expires"),
    ):
        was, now = getattr(old.lifecycle, key), getattr(new.lifecycle, key)
        if was != now:
            longer = key == "inactivity_months" and (now is None or (was is not None and now > was))
            added = (
                longer
                or (key == "bounce_deactivates" and not now)
                or (key == "bounces_needed" and now > was)
                or (key == "bounces_within_days" and was is not None and now is not None and now < was)
                or (key == "temporary_details" and bool(now))
            )
            sentence = f"Lifecycle, {words}: {_value(now)} (was {_value(was)})."
            yield Difference("lifecycle", key, sentence, _value(was), _value(now), added_power=added)


def _value(value: object) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _recommendations(old: Rolebook, new: Rolebook) -> Iterator[Difference]:
    before = {found.role_id: found for found in old.recommendations}
    after = {found.role_id: found for found in new.recommendations}
    for role_id in dict.fromkeys([*after, *before]):
        was = before[role_id].at_least if role_id in before else 0
        now = after[role_id].at_least if role_id in after else 0
        if was != now:
            title = _role_title(old, new, role_id)
            sentence = f"Organizations should have at least {now} holders of '{title}' (was {was})."
            yield Difference("recommendation", role_id, sentence, str(was), str(now))
