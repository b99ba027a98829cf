"""How well the object descriptor tells apart classes that it has not seen."""
