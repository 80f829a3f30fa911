"""From rows and answers to what is published: samples, target groups, in blocks."""
