"""Everything that works in the background: rounds, entries, their pace, what they keep."""
