"""Deploys Puente: the same code and the same flows, by one command.

Runs in its own virtual environment (`.venv-infra`, `infra/requirements.txt`); nothing here is
needed to run or test the product. `functions.py`, `names.py` and `settings.py` are plain data and
need neither CDK nor AWS.
"""
