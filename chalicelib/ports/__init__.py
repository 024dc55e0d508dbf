"""What the use cases need from the outside, in our words. `gateways/` implements each of these.

Every method may raise a `ServiceError` of `errors.py`; what else it raises stands with it.
"""
