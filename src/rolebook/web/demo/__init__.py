"""Pages of demo mode only: the mails that were sent. They exist in no other installation (see
server.urls).
"""
