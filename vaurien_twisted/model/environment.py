"""
The environment variables that both the service and its clients read.  Standard library only:
the clients load nothing else.
"""

#: The variable with the default URL of the control service.
URL_VARIABLE = "VAURIEN_URL"

#: The variable with the default token of the control service.
TOKEN_VARIABLE = "VAURIEN_TOKEN"
