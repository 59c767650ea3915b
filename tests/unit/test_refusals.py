"""Refusals in two languages: no Chinese sentence names a state by its identifier."""

from typing import Any, get_args

import pytest

from kaimen.adoption.domain import consultations, reports
from kaimen.adoption.domain.refusals import WrongState as AdoptionState
from kaimen.hearings.domain import hearings
from kaimen.hearings.domain.refusals import WrongState as HearingState
from kaimen.kit.draws import store as draws
from kaimen.kit.draws.refusals import WrongDrawState
from kaimen.kit.recruiting import rules as recruiting
from kaimen.kit.recruiting.refusals import WrongRecruitmentState
from kaimen.kit.refusals import Refusal
from kaimen.opendays.domain import events, seats
from kaimen.opendays.domain.refusals import NotAdmitted
from kaimen.opendays.domain.refusals import WrongState as EventState
from kaimen.openmonth.domain import campaigns
from kaimen.openmonth.domain.refusals import WrongCampaignState
from kaimen.representatives.domain import meetings
from kaimen.representatives.domain.refusals import WrongState as MeetingState


@pytest.mark.parametrize(
    ("no", "states"),
    [
        (AdoptionState, consultations.Phase),
        (AdoptionState, reports.State),
        (HearingState, hearings.Phase),
        (WrongDrawState, draws.State),
        (WrongRecruitmentState, recruiting.RecruitmentState),
        (EventState, events.Phase),
        (NotAdmitted, seats.RegistrationState),
        (WrongCampaignState, campaigns.State),
        (MeetingState, meetings.Phase),
    ],
)
def test_states_are_said_in_the_language_of_the_sentence(no: type[Refusal], states: Any) -> None:
    for state in get_args(states):
        said = no(state=state)
        assert state not in said.detail("zh")
        assert "_" not in said.detail("en")
