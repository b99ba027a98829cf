"""Results of laboratory runs for people: the evaluation, its plots, and a page about several runs."""
