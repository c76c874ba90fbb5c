"""The case half: people and their rights, the register, departments' files, the daily job, the audit trail.

A Django project. `docs/web.md` says how a page, a list, a job and an event are made here.
"""
