"""Watching the pipeline: lag, freshness, one state of health, alerts."""
