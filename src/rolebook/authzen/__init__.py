"""The OpenID AuthZEN decision point: evaluations answered from the snapshot, with no Django on the request path."""
