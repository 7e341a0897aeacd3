"""From values to Avro and back: what generated packages say of themselves."""
