"""Rosters of members and organizations: read, derived, kept, explained."""
