"""What users ask for: specs, paths and filters, resolved against the schema to a selection."""
