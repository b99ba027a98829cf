"""One loss a file: functions, and a thin module where there is a state."""
