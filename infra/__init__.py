"""What we talk to: settings, Kafka, ClickHouse, channels, the embedded services."""
