"""Every story by name, and how one is played: `truth = await run(lab, SCENARIOS["failover"])`.

Stories run side by side, each on phones of its own; `run` waits for free ones. What comes back is the phones' truth,
checked against what the story meant to tell.
"""

import asyncio

from lab import stories_asked, stories_hosted, stories_moved, stories_plain, stories_shared
from lab.errors import StoryError
from lab.facts import Truth
from lab.scenario import Scenario
from lab.stage import Lab, Stage
from lab.truth import Told, truth_of

_SHELVES = (
    stories_plain.PLAIN,
    stories_plain.ENDED_BY_PBX,
    stories_plain.EARLY_MEDIA,
    stories_shared.QUEUES,
    stories_shared.PICKUPS_AND_FORWARDS,
    stories_asked.ACCEPTANCE,
    stories_moved.TRANSFERS,
    stories_moved.LOCALS,
    stories_asked.PLACED,
    stories_hosted.HOSTED,
)

SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for shelf in _SHELVES for scenario in shelf}


async def run(lab: Lab, scenario: Scenario) -> Truth:
    """Play one story to its end and return what the phones saw; raises `StoryError` when it went another way."""
    async with lab.stage() as stage:
        stage.set_answers(scenario.answers)
        async with asyncio.TaskGroup() as group:
            if scenario.caller is not None:
                group.create_task(stage.call(scenario.caller_phone, scenario.caller))
            if scenario.play is not None:
                group.create_task(_play(scenario, stage))
        await stage.settle()
        truth = truth_of(_told(scenario, stage), stage.legs)
    _check(scenario, truth)
    return truth


async def _play(scenario: Scenario, stage: Stage) -> None:
    if scenario.play is not None:
        await scenario.play(stage)


def _told(scenario: Scenario, stage: Stage) -> Told:
    return Told(
        flow=scenario.name,
        summary={"story": scenario.story},
        hotline=scenario.hotline,
        site=stage.site,
        caller_number=stage.caller_number,
        call_ids=tuple(stage.call_ids),
        user=stage.phones[scenario.user].name if scenario.user else "",
        ends_in=scenario.ends_in,
    )


def _check(scenario: Scenario, truth: Truth) -> None:
    meant = (scenario.outcome, scenario.answered_by, scenario.hung_up_by)
    was = (truth.outcome, truth.answered_by, truth.hung_up_by)
    if meant != was:
        raise StoryError(f"{scenario.name} should end {meant} and ended {was}: {truth.as_dict()}")
