"""Flows 流程: steps, roles, time limits and evidence as data, and the one engine that runs them all."""
