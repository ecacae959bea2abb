"""The use cases, one module each: they open what they need, call the core, and return what happened as a value."""
