"""Text ⇄ program. `draft.draft` reads a text as it stands; `core.complete` adds what is missing."""
