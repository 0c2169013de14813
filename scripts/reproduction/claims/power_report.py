"""Table of the replicates that would decide the undecided parts of claims: ``make power TIER=draft``."""

from argparse import ArgumentParser

from rectified.statistics import power
from reproduction.claims.power import Undecided, seconds, undecided
from reproduction.config import loading
from reproduction.config.config import Config
from reproduction.config.errors import ConfigError
from reproduction.config.experiments import Case
from reproduction.runtime import cost_model
from reproduction.runtime.cost_model import Costs
from reproduction.runtime.schedule import TIERS

NEAR = {"median": "the share {:.2f} is too near 1/2", "shift": "the share {:.2f} of comparisons is too near 1/2"}
EFFECTS = {
    "median": "share {:.2f} on this side",
    "mean": "{:.2g} standard deviations from the bound",
    "share": "{:.2g} from the bound",
    "shift": "share {:.2f} of comparisons on this side",
    "distance": "{:.2g} from the bound",
}


def report(config: Config, found: list[Undecided], missing: dict[str, list[str]], costs: Costs) -> str:
    """Format the undecided parts, one line each, and the cost of all that can be decided."""
    claims = len({each.claim for each in found})
    lines = [
        f"tier {config.tier}: {len(found)} undecided parts in {claims} claims. Replicates that decide a part with "
        f"{100 * power.POWER:.0f} % probability,",
        f"given the effect that the replicates show; core-minutes from the costs in {cost_model.TABLE}:",
        "",
        f"  {'claim':5} {'needed':>6}  {'cost':>9} part",
    ]
    lines += [_line(each) for each in found]
    together: dict[Case, int] = {}
    for each in found:
        for case, number in each.raised.items():
            together[case] = max(number, together.get(case, 0))
    total = seconds(config, together, costs) / 60
    last = max(config.looks)
    lines += ["", f"all that can be decided, together: {len(together)} cases, {total:.0f} core-minutes"]
    lines += [f"More than {last} replicates are for a single look: set it in `looks` before they are computed."]
    for reason, names in missing.items():
        lines.append(f"{len(names)} parts of {', '.join(dict.fromkeys(names))} are not estimated: {reason}")
    return "\n".join(lines)


def _line(each: Undecided) -> str:
    now = " and ".join(map(str, each.sizes))
    if each.need is None:
        return f"  {each.claim:5} {'–':>6}  {'':9} {each.part.what} (n = {now}): values are not finite"
    effect = EFFECTS[each.part.statistic].format(each.need.effect)
    if each.need.size is None:
        reason = NEAR.get(each.part.statistic, "an effect of {:.2g} is too small").format(each.need.effect)
        return f"  {each.claim:5} {'none':>6}  {'':9} {each.part.what} (n = {now}): {reason} for an affordable number"
    cost = f"{each.seconds / 60:.1f} min" if each.raised else "in config"
    verb = each.need.outcome
    return f"  {each.claim:5} {each.need.size:6d}  {cost:>9} {each.part.what} (n = {now}): {verb}, {effect}"


def main() -> None:
    arguments = ArgumentParser(description="Print how many replicates would decide the undecided claims of a tier.")
    arguments.add_argument("tier", choices=TIERS, nargs="?", default="draft")
    tier = arguments.parse_args().tier
    try:
        config = loading.read(TIERS[tier])
        costs = Costs.read(cost_model.TABLE)
        found, missing = undecided(config, config.results, costs)
    except ConfigError as error:
        raise SystemExit(str(error)) from None
    print(report(config, found, missing, costs))


if __name__ == "__main__":
    main()
