"""The laptop's own AI: a real speech recogniser and a rule-based structurer, both labelled so."""
