"""Bringing files of others into a workspace: opened in confinement, understood with evidence, copied in one step."""
