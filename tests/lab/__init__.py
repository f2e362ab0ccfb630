"""The lab itself: its SIP, its PBX, its phones and what they tell."""
