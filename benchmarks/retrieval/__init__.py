"""Measuring of retrieval by class: DeepFirearm's arms on classes that did not train."""
