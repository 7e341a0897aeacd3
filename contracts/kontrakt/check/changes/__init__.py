"""What changed, in words: the types, the topics, and the step that a generated package takes."""
