"""Who may come in: credentials, and the signatures of webhooks."""
