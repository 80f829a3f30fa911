"""An Infrahub inside: schema and object files behind GraphQL."""
