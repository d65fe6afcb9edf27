"""What runs for ever: the collector, the ingest service, assessment and delivery."""
