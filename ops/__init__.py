"""The operator's command line. It works with the environment of the functions, on AWS and on the
sandbox (`python -m sandbox up` prints that environment)."""
