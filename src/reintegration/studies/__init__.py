"""Studies: the questions of the study, each one function from a frame to tables."""
