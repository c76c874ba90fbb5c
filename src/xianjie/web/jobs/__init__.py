"""Background jobs 后台任务 through the database: progress, cancel, resume after a crash, a daily schedule."""
