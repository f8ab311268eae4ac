"""
The environment variables that both the service and its clients read.  Standard library only:
the clients load nothing else.
"""

#: The URL of the control service, where none is given.
URL_VARIABLE = "VAURIEN_URL"

#: The token that the control service asks for, where none is given.
TOKEN_VARIABLE = "VAURIEN_TOKEN"
