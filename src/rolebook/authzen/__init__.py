"""The OpenID AuthZEN decision point: answers from the snapshot, no Django on the request path."""
