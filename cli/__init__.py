"""The command line: for people, pipelines and cron."""
