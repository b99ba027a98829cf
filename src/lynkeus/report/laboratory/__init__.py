"""What a run of the laboratory showed, for people: the evaluation, its plots and the page of several runs."""
