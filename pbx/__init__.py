"""Words that the dialplan, the AGI scripts and the listener must spell alike: causes, channel names, variables."""
