"""What an operator lets people ask of the agent, out of the settings.

What does not live here: counting (the store).
"""

from server.edge.settings import Settings
from server.room.run_ports import Allowance


def allowance_of(settings: Settings) -> Allowance:
    """The limits of a day; none where limits are switched off."""
    if not settings.rate_limits:
        return Allowance()
    return Allowance(
        runs_per_user=settings.agent_runs_per_user,
        runs_per_project=settings.agent_runs_per_project,
        tokens_per_user=settings.agent_tokens_per_user,
        tokens_per_project=settings.agent_tokens_per_project,
        cost_per_user=settings.agent_money_per_user,
        cost_per_project=settings.agent_money_per_project,
    )
