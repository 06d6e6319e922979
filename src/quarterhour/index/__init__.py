"""The index: what stands where in the event log's files, for questions about the past. Made from them, and made anew at will."""
